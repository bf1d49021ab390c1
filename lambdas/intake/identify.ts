import { createHash } from 'node:crypto';
import * as z from 'zod';
import { InvalidArtifact, InvalidDataset } from '../../domain/errors.ts';
import type { DatasetRef } from '../../domain/flow.ts';
import { trainingPrefix } from '../../domain/names.ts';
import { manifestSchema, uploadKind } from '../../domain/uploads.ts';

/** Reads one version of an object as a stream; throws InvalidArtifact when it is gone. */
export interface UploadReader {
  /** `versionId` undefined reads the latest version. */
  open(key: string, versionId?: string): Promise<{ versionId: string; bytes: number; body: AsyncIterable<Uint8Array> }>;
}

export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly uploadedAt: string;
}

export interface IdentifyOptions {
  readonly model: string;
  /** Largest dataset, bytes as stored. */
  readonly maxBytes: number;
}

interface Part {
  readonly key: string;
  readonly versionId: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly parquet: boolean;
}

/** Every Parquet file starts with these four bytes (parquet.apache.org, file format). */
const PARQUET_MAGIC = 'PAR1';
const MANIFEST_LIMIT = 1024 ** 2;

/**
 * What an upload is, by its content: the SHA-256 of a file, or of the list of its parts' hashes. Reads every byte once.
 * Throws InvalidDataset with a sentence for its owner when it cannot be a dataset.
 */
export async function identify(
  upload: UploadedObject,
  reader: UploadReader,
  options: IdentifyOptions,
): Promise<DatasetRef> {
  const wanted =
    uploadKind(upload.key) === 'manifest'
      ? await readManifest(upload, reader, options)
      : [{ key: upload.key, versionId: upload.versionId }];
  const parts: Part[] = [];
  let bytes = 0;
  for (const { key, versionId } of wanted) {
    const part = await digest(reader, key, { versionId, left: options.maxBytes - bytes, maxBytes: options.maxBytes });
    bytes += part.bytes;
    parts.push(part);
  }
  const formats = new Set(parts.map((part) => part.parquet));
  if (formats.size > 1) throw new InvalidDataset('The parts mix Parquet and CSV files; one dataset has one format');
  const [only] = parts;
  return {
    bucket: upload.bucket,
    key: upload.key,
    versionId: upload.versionId,
    sha256: parts.length === 1 && only ? only.sha256 : sha256(parts.map((part) => part.sha256).join('\n')),
    bytes,
    format: formats.has(true) ? 'parquet' : 'csv',
    parts: parts.map(({ key, versionId, bytes: size }) => ({ key, versionId, bytes: size })),
    uploadedAt: upload.uploadedAt,
  };
}

async function readManifest(upload: UploadedObject, reader: UploadReader, { model }: IdentifyOptions) {
  const { body, bytes } = await reader.open(upload.key, upload.versionId);
  if (bytes > MANIFEST_LIMIT) throw new InvalidDataset(`The manifest has ${bytes} bytes; at most ${MANIFEST_LIMIT}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  let parsed: z.ZodSafeParseResult<z.infer<typeof manifestSchema>>;
  try {
    parsed = manifestSchema.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch (cause) {
    throw new InvalidDataset(`The manifest is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (!parsed.success) {
    throw new InvalidDataset(
      `The manifest is not as expected, {"files":[{"key":"…"},…]}: ${z.prettifyError(parsed.error)}`,
    );
  }
  const stray = parsed.data.files.find(({ key }) => !key.startsWith(trainingPrefix(model)));
  if (stray) {
    throw new InvalidDataset(`The manifest names "${stray.key}", which is not below ${trainingPrefix(model)}`);
  }
  return parsed.data.files;
}

async function digest(
  reader: UploadReader,
  key: string,
  options: { versionId?: string; left: number; maxBytes: number },
): Promise<Part> {
  const opened = await reader.open(key, options.versionId).catch((cause: unknown) => {
    if (cause instanceof InvalidArtifact) {
      throw new InvalidDataset(`"${key}" is gone: it was deleted before it could be read`, { cause });
    }
    throw cause;
  });
  if (opened.bytes > options.left) {
    throw new InvalidDataset(`The dataset has more than ${options.maxBytes} bytes, the most that this model takes`);
  }
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  for await (const chunk of opened.body) {
    if (head.length < PARQUET_MAGIC.length) head = Buffer.concat([head, chunk.subarray(0, PARQUET_MAGIC.length)]);
    hash.update(chunk);
  }
  return {
    key,
    versionId: opened.versionId,
    bytes: opened.bytes,
    sha256: hash.digest('hex'),
    parquet: head.subarray(0, PARQUET_MAGIC.length).toString('latin1') === PARQUET_MAGIC,
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
