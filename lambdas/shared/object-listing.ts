import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { s3Client } from './objects.ts';

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: string;
}

/** The port through which use cases find out what a bucket holds; {@link s3Listing} is the real one. */
export interface ObjectListing {
  /** Objects below a prefix in the order of their keys, from `after` on, not including it. */
  objects(at: { bucket: string; prefix: string; after?: string }): AsyncIterable<ListedObject>;
  /** What comes below a prefix up to the next slash: `a/` of `a/b/c`. */
  folders(at: { bucket: string; prefix: string }): Promise<string[]>;
}

export function s3Listing(client: S3Client = s3Client()): ObjectListing {
  async function* pages(bucket: string, prefix: string, options: { after?: string; delimiter?: string }) {
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await client.send(
        new ListObjectsV2Command({
          Bucket: bucket,
          Prefix: prefix,
          Delimiter: options.delimiter,
          ...(token === undefined ? { StartAfter: options.after } : { ContinuationToken: token }),
        }),
      );
      yield page;
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }
  return {
    async *objects({ bucket, prefix, after }) {
      for await (const { Contents = [] } of pages(bucket, prefix, { after })) {
        for (const { Key, Size = 0, LastModified } of Contents) {
          if (Key && LastModified) yield { key: Key, bytes: Size, modifiedAt: LastModified.toISOString() };
        }
      }
    },
    async folders({ bucket, prefix }) {
      const found: string[] = [];
      for await (const { CommonPrefixes = [] } of pages(bucket, prefix, { delimiter: '/' })) {
        for (const { Prefix } of CommonPrefixes) if (Prefix) found.push(Prefix);
      }
      return found;
    },
  };
}
