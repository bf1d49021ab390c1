import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Document } from '../kernel/service.ts';
import { evaluatePrefix } from './prefix.ts';
import type { StreamRecord } from './streams.ts';

/** Records that leave as one object. */
export interface ObjectRecords {
  /** When the oldest of them arrived. */
  readonly at: number;
  readonly keys: Readonly<Record<string, string>>;
  readonly errorType: string | null;
  /** base64, in the order of arrival. */
  readonly data: readonly string[];
}

/** The PutObject of an object. Its name: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html */
export function objectOf({ name, version, destination }: StreamRecord, records: ObjectRecords): Document {
  const { at, keys, errorType } = records;
  const prefix = evaluatePrefix(destination, { at, keys, ...(errorType === null ? {} : { errorType }) });
  const time = new Date(at).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  const extension = destination.fileExtension || (destination.gzip ? '.gz' : '');
  const delimiter = Buffer.from(errorType === null ? destination.delimiter : '');
  const body = Buffer.concat(records.data.flatMap((data) => [Buffer.from(data, 'base64'), delimiter]));
  const { kmsKeyArn } = destination;
  return {
    Bucket: destination.bucketArn.split(':::')[1],
    Key: `${prefix}${name}-${version}-${time}-${randomUUID()}${extension}`,
    Body: destination.gzip ? gzipSync(body) : body,
    ContentType: 'application/octet-stream',
    ...(kmsKeyArn === null ? {} : { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: kmsKeyArn }),
  };
}
