import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type * as z from 'zod';
import { DependencyUnavailable, InvalidArtifact } from '../../domain/errors.ts';

/** One S3 object; with `versionId` it is pinned, so that an overwritten key changes nothing for the reader. */
export interface ObjectLocation {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** What was moved: its size and the SHA-256 of its content in hex. */
export interface ObjectDigest {
  readonly bytes: number;
  readonly sha256: string;
}

export interface StoredObject extends ObjectDigest {
  /** Absent on a bucket without versions. */
  readonly versionId?: string;
}

/** The port through which use cases read and write objects; {@link s3Objects} is the real one. */
export interface ObjectStore {
  getBytes(from: ObjectLocation, limits?: { maxBytes?: number }): Promise<Uint8Array>;
  /** Parses and checks; anything that does not fit the schema is an `InvalidArtifact`. */
  getJson<T>(from: ObjectLocation, schema: z.ZodType<T>): Promise<T>;
  putBytes(to: ObjectLocation, bytes: Uint8Array, options?: { contentType?: string }): Promise<StoredObject>;
  putJson(to: ObjectLocation, value: unknown): Promise<StoredObject>;
  /** Streams an object into a file; memory use does not grow with its size. */
  download(from: ObjectLocation, file: string, limits?: { maxBytes?: number }): Promise<ObjectDigest>;
  /** Streams a file into an object, as a multipart upload when it is large. */
  upload(file: string, to: ObjectLocation, options?: { contentType?: string }): Promise<StoredObject>;
}

/** The object store over S3. Endpoint, region and credentials come from the AWS environment, as the SDK reads them. */
export function s3Objects(client: S3Client = s3Client()): ObjectStore {
  return {
    getBytes: (from, limits) =>
      attempt(from, async () => Buffer.concat(await (await body(client, from, limits)).toArray())),
    async getJson(from, schema) {
      return parseJson(from, await this.getBytes(from), schema);
    },
    async putBytes(to, bytes, options) {
      const put = new PutObjectCommand({
        Bucket: to.bucket,
        Key: to.key,
        Body: bytes,
        ContentType: options?.contentType ?? 'application/octet-stream',
      });
      const { VersionId } = await named(to, () => client.send(put));
      return stored(VersionId, { bytes: bytes.byteLength, sha256: sha256Hex(bytes) });
    },
    putJson(to, value) {
      return this.putBytes(to, encodeJson(value), { contentType: 'application/json' });
    },
    download: (from, file, limits) =>
      attempt(from, async () => {
        const meter = digestMeter();
        await pipeline(await body(client, from, limits), meter.through, createWriteStream(file));
        return meter.digest();
      }),
    async upload(file, to, options) {
      const { size } = await stat(file);
      const meter = digestMeter();
      const source = createReadStream(file);
      source.on('error', (error) => meter.through.destroy(error));
      // 8 MiB parts reach 80 GB within S3's 10 000 parts; two in flight keep it at 16 MiB of memory.
      const upload = new Upload({
        client,
        partSize: 8 * 1024 ** 2,
        queueSize: 2,
        params: {
          Bucket: to.bucket,
          Key: to.key,
          Body: source.pipe(meter.through),
          ContentType: options?.contentType ?? 'application/octet-stream',
        },
      });
      const { VersionId } = await named(to, () => upload.done());
      const digest = meter.digest();
      if (digest.bytes !== size) throw new InvalidArtifact(`${uri(to)}: the file changed while it was uploaded`);
      return stored(VersionId, digest);
    },
  };
}

/**
 * Timeouts that end a hung call long before the function's own: 2 s to connect within a region, 20 s to a first byte,
 * 20 s of silence in a body. Four attempts with the SDK's jittered backoff (0.1 to about 2 s) outlast a throttled
 * prefix; the state machine's Retry covers what lasts longer.
 */
export const s3Client = () =>
  new S3Client({
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: 2_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
      socketTimeout: 20_000,
    },
  });

/** The text that every JSON object of Sluice is stored as: stable for a hash, readable for a person. */
export const encodeJson = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export function parseJson<T>(from: ObjectLocation, bytes: Uint8Array, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new InvalidArtifact(`${uri(from)} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InvalidArtifact(`${uri(from)} does not fit: ${issue?.path.join('.') || 'root'}: ${issue?.message}`, {
    cause: parsed.error,
  });
}

export const uri = (at: ObjectLocation) => `s3://${at.bucket}/${at.key}`;

async function body(client: S3Client, from: ObjectLocation, limits: { maxBytes?: number } = {}): Promise<Readable> {
  const maxBytes = limits.maxBytes ?? Number.POSITIVE_INFINITY;
  const { Body, ContentLength = 0 } = await client.send(
    new GetObjectCommand({
      Bucket: from.bucket,
      Key: from.key,
      ...(from.versionId === undefined ? {} : { VersionId: from.versionId }),
    }),
  );
  if (!(Body instanceof Readable)) throw new DependencyUnavailable(`${uri(from)}: S3 answered without a body`);
  if (ContentLength <= maxBytes) return Body;
  Body.destroy();
  throw new InvalidArtifact(`${uri(from)} holds ${ContentLength} bytes; at most ${maxBytes} are read`);
}

/** Retries a whole read when its body broke off: the SDK retries only until the first byte of an answer. */
async function attempt<T>(at: ObjectLocation, read: () => Promise<T>): Promise<T> {
  for (let left = 2; ; left -= 1) {
    try {
      return await named(at, read);
    } catch (error) {
      if (left === 0 || !(error instanceof DependencyUnavailable)) throw error;
    }
  }
}

/** S3's own refusals (AccessDenied and the like) keep their name; an absent object and an unreachable S3 get ours. */
async function named<T>(at: ObjectLocation, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const { name = '', $metadata } = cause as { name?: string; $metadata?: { httpStatusCode?: number } };
    const status = $metadata?.httpStatusCode;
    if (ABSENT.has(name) || status === 404) throw new InvalidArtifact(`${uri(at)} does not exist`, { cause });
    if (BROKEN_OFF.has((cause as { code?: string }).code ?? name) || (status ?? 0) >= 500)
      throw new DependencyUnavailable(`${uri(at)}: S3 did not answer (${name || 'connection lost'})`, { cause });
    throw cause;
  }
}

const ABSENT: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchVersion', 'NoSuchBucket', 'NotFound']);
const BROKEN_OFF: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'TimeoutError',
  'SlowDown',
]);

const stored = (versionId: string | undefined, digest: ObjectDigest): StoredObject =>
  versionId === undefined ? digest : { ...digest, versionId };

function digestMeter() {
  const hash = createHash('sha256');
  let bytes = 0;
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  return { through, digest: (): ObjectDigest => ({ bytes, sha256: hash.digest('hex') }) };
}
