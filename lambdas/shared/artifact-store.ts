import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Conflict, DependencyUnavailable, InvalidArtifact } from '../../domain/errors.ts';
import { type ObjectDigest, type ObjectLocation, type ObjectStore, s3Client, sha256Hex, uri } from './objects.ts';

/** Objects that are written once and never changed. */
export interface WriteOnceStore {
  /** Repeating a write with the same content is a success; other content under a taken key is an `InvalidArtifact`. */
  putOnce(to: ObjectLocation, bytes: Uint8Array): Promise<ObjectDigest>;
}

/** Writes on condition that the key is free, so that neither a retry nor a late duplicate replaces an artifact. */
export function s3WriteOnce(objects: Pick<ObjectStore, 'getBytes'>, client: S3Client = s3Client()): WriteOnceStore {
  return {
    async putOnce(to, bytes) {
      const sha256 = sha256Hex(bytes);
      const put = new PutObjectCommand({
        Bucket: to.bucket,
        Key: to.key,
        Body: bytes,
        IfNoneMatch: '*',
        ContentType: 'application/zip',
        Metadata: { sha256 },
      });
      try {
        await client.send(put);
      } catch (cause) {
        const { name = '', $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
        const status = $metadata?.httpStatusCode ?? 0;
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html: a conflict may be retried.
        if (status === 409) throw new Conflict(`${uri(to)} is being written by somebody else`, { cause });
        if (status >= 500) throw new DependencyUnavailable(`${uri(to)}: S3 did not answer (${name})`, { cause });
        if (status !== 412) throw cause;
        const present = sha256Hex(await objects.getBytes(to));
        if (present !== sha256)
          throw new InvalidArtifact(`${uri(to)} already holds SHA-256 ${present}; this one is ${sha256}`, { cause });
      }
      return { bytes: bytes.byteLength, sha256 };
    },
  };
}
