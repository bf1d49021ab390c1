import { ListObjectVersionsCommand, type ListObjectVersionsCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectCreated } from '../intake/object-event.ts';

/** One version of an object, as a bucket lists it. */
export interface StoredUpload {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  /** ISO time of the upload. */
  readonly modifiedAt: string;
  readonly latest: boolean;
}

/** Every object version below a prefix, without delete markers. */
export async function* storedUploads(
  client: S3Client,
  { bucket, prefix }: { bucket: string; prefix: string },
): AsyncGenerator<StoredUpload> {
  let page: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (page) {
    const answer: ListObjectVersionsCommandOutput = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...page }),
    );
    for (const { Key, VersionId, Size = 0, LastModified, IsLatest = false } of answer.Versions ?? []) {
      if (!Key || !VersionId || !LastModified) continue;
      yield { key: Key, versionId: VersionId, bytes: Size, modifiedAt: LastModified.toISOString(), latest: IsLatest };
    }
    page = answer.IsTruncated
      ? { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker }
      : undefined;
  }
}

/** The event as EventBridge would have delivered it, without the sequencer, which only S3 knows. */
export const eventOf = (
  { key, versionId, bytes, modifiedAt }: StoredUpload,
  { account, bucket }: { account: string; bucket: string },
): ObjectCreated => ({
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account,
  time: modifiedAt,
  detail: { bucket: { name: bucket }, object: { key, size: bytes, 'version-id': versionId } },
});
