import type { PolicyDocument } from '../iam/principal.ts';
import type { Collection, Store } from '../kernel/store.ts';
import type { Segment } from './bodies.ts';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import { S3Error } from './errors.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { XmlNode } from './xml.ts';

export interface Bucket {
  readonly name: string;
  readonly createdAt: number;
  /** Absent until versioning is configured for the first time. */
  readonly versioning?: 'Enabled' | 'Suspended';
  readonly policy?: PolicyDocument;
  /** Events of this bucket go to EventBridge. */
  readonly eventBridge?: boolean;
  readonly encryption?: Encryption;
  readonly tags?: readonly Tag[];
  /** Documents that are kept and given back as they came, by subresource: `lifecycle`, `logging` … */
  readonly documents?: Readonly<Record<string, Readonly<Record<string, XmlNode>>>>;
}

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

export interface Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  readonly keyId?: string;
  readonly bucketKey?: boolean;
}

/** What is said about an object when it is written, however it comes about. */
export interface Attributes {
  /** Headers that come back as they were given: content-type, cache-control …, x-amz-meta-*. */
  readonly headers: Readonly<Record<string, string>>;
  readonly storageClass?: string;
  readonly encryption: Encryption;
  readonly tags?: readonly Tag[];
}

export interface ObjectVersion extends Attributes {
  /** `null` for an object that was written while versioning was not enabled. */
  readonly versionId: string;
  readonly lastModified: number;
  readonly sequencer: string;
  readonly deleteMarker?: true;
  readonly size: number;
  /** Without its quotes. */
  readonly etag: string;
  readonly segments: readonly Segment[];
  readonly checksum?: Checksum;
  /** Of a multipart object: its parts in order. */
  readonly parts?: readonly ObjectPart[];
  /** The multipart upload that made it: asking to complete that upload again gives the same answer. */
  readonly uploadId?: string;
}

export interface ObjectPart {
  readonly number: number;
  readonly size: number;
  readonly checksum?: string;
}

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  /** Newest first. */
  readonly versions: readonly ObjectVersion[];
}

export interface Upload extends Attributes {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: number;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
}

export interface UploadedPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  readonly lastModified: number;
  readonly segments: readonly Segment[];
  readonly checksum?: Checksum;
}

/** Whether a key was deleted since the watch began. */
export interface DeletionWatch {
  readonly bucket: string;
  readonly key: string;
  readonly deleted: boolean;
}

/** Everything that S3 remembers beside the bodies. Changes are synchronous, so that a commit is one step for every reader. */
export class S3State {
  readonly buckets: Collection<Bucket>;
  readonly uploads: Collection<Upload>;
  readonly #objects: Collection<StoredObject>;
  readonly #parts: Collection<UploadedPart>;
  readonly #keys = new Map<string, SortedKeys>();
  readonly #watches = new Set<DeletionWatch & { deleted: boolean }>();

  constructor(store: Store) {
    this.buckets = store.collection('s3.buckets');
    this.uploads = store.collection('s3.uploads');
    this.#objects = store.collection('s3.objects');
    this.#parts = store.collection('s3.parts');
    for (const { bucket, key } of this.#objects.values()) this.keys(bucket).add(key);
  }

  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (!bucket) throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
    return bucket;
  }

  changeBucket(name: string, change: Partial<Bucket>): void {
    this.buckets.set(name, { ...this.bucket(name), ...change });
  }

  /** Keys with at least one version, delete markers included. */
  keys(bucket: string): SortedKeys {
    const known = this.#keys.get(bucket) ?? new SortedKeys();
    this.#keys.set(bucket, known);
    return known;
  }

  /** Newest first; empty for a key that was never written. */
  versions(bucket: string, key: string): readonly ObjectVersion[] {
    return this.#objects.get(`${bucket}/${key}`)?.versions ?? [];
  }

  setVersions(bucket: string, key: string, versions: readonly ObjectVersion[]): void {
    if (versions.length === 0) {
      this.#objects.delete(`${bucket}/${key}`);
      this.keys(bucket).delete(key);
    } else {
      this.#objects.set(`${bucket}/${key}`, { bucket, key, versions });
      this.keys(bucket).add(key);
    }
  }

  /**
   * Watches a key while a conditional write is on its way: a delete in the meantime makes it a conflict that the client
   * retries, because the condition it was sent with may no longer mean what it meant.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   */
  async watchDeletions<T>(bucket: string, key: string, body: (watch: DeletionWatch) => Promise<T>): Promise<T> {
    const watch = { bucket, key, deleted: false };
    this.#watches.add(watch);
    try {
      return await body(watch);
    } finally {
      this.#watches.delete(watch);
    }
  }

  noteDeletion(bucket: string, key: string): void {
    for (const watch of this.#watches) if (watch.bucket === bucket && watch.key === key) watch.deleted = true;
  }

  deleteBucket(name: string): void {
    for (const upload of this.uploads.values()) {
      if (upload.bucket === name) this.deleteUpload(upload.uploadId);
    }
    this.buckets.delete(name);
    this.#keys.delete(name);
  }

  /** The upload of that id for that key; NoSuchUpload otherwise. */
  upload(bucket: string, key: string, uploadId: string): Upload {
    const upload = this.uploads.get(uploadId);
    if (upload?.bucket !== bucket || upload.key !== key) {
      throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
    }
    return upload;
  }

  part(uploadId: string, number: number): UploadedPart | undefined {
    return this.#parts.get(`${uploadId}/${number}`);
  }

  setPart(uploadId: string, part: UploadedPart): void {
    this.#parts.set(`${uploadId}/${part.number}`, part);
  }

  /** In the order of their numbers. */
  parts(uploadId: string): UploadedPart[] {
    const found: UploadedPart[] = [];
    for (const [id, part] of this.#parts.entries()) if (id.startsWith(`${uploadId}/`)) found.push(part);
    return found.sort((a, b) => a.number - b.number);
  }

  deleteUpload(uploadId: string): void {
    for (const { number } of this.parts(uploadId)) this.#parts.delete(`${uploadId}/${number}`);
    this.uploads.delete(uploadId);
  }

  objects(): IterableIterator<StoredObject> {
    return this.#objects.values();
  }

  /** Every body that something refers to. */
  *referenced(): Generator<Segment> {
    for (const { versions } of this.#objects.values()) for (const version of versions) yield* version.segments;
    for (const part of this.#parts.values()) yield* part.segments;
  }
}
