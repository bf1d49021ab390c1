import { crc32 } from 'node:zlib';
import * as z from 'zod';
import { type Contract, contractSchema } from '../../domain/contract.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { LEARNERS } from '../../domain/model-config.ts';

/** How a model came to be, as its learner tells it; nothing that serving depends on. */
export const artifactMetadataSchema = z.object({
  learner: z.enum(LEARNERS),
  engine: z.string(),
  trainRows: z.int(),
  trees: z.int(),
  nodes: z.int(),
  /** Loss on rows that the learner did not train on: log loss, or RMSE in the unit of the target. */
  validationLoss: z.number().nullable(),
  /** Share of the trees' gain by feature, largest first; they sum to 1. */
  importance: z.array(z.object({ column: z.string(), importance: z.number() })),
});
export type ArtifactMetadata = z.infer<typeof artifactMetadataSchema>;

export interface Artifact {
  readonly contract: Contract;
  readonly metadata: ArtifactMetadata;
  /** The learner's own files by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * A zip whose bytes depend on its content alone: sorted entries, one fixed date, nothing compressed. Compressing would
 * tie the digest to a zlib version and would let an altered artifact unfold into more than its size.
 */
export function packArtifact(artifact: Artifact): Uint8Array {
  const entries = [
    [CONTRACT, Buffer.from(`${JSON.stringify(artifact.contract, null, 2)}\n`)] as const,
    [METADATA, Buffer.from(`${JSON.stringify(artifact.metadata, null, 2)}\n`)] as const,
    ...[...artifact.files].map(([name, bytes]) => [MODEL_FOLDER + name, bytes] as const),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of entries) {
    if (!NAME.test(name)) throw new InvalidArtifact(`Cannot store "${name}" in an artifact`);
    const local = localHeader(name, bytes);
    directory.push(directoryEntry(name, bytes, offset));
    parts.push(local, bytes);
    offset += local.byteLength + bytes.byteLength;
  }
  const central = Buffer.concat(directory);
  return Buffer.concat([...parts, central, endRecord(entries.length, central.byteLength, offset)]);
}

/** Reads what {@link packArtifact} wrote, in memory, and refuses everything else: no path, link, bomb or overlap gets in. */
export function unpackArtifact(bytes: Uint8Array): Artifact {
  if (bytes.byteLength > MAX_ARTIFACT_BYTES)
    throw new InvalidArtifact(`The artifact holds ${bytes.byteLength} bytes; at most ${MAX_ARTIFACT_BYTES} are read`);
  const entries = readEntries(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const files = new Map<string, Uint8Array>();
  for (const [name, content] of entries)
    if (name.startsWith(MODEL_FOLDER)) files.set(name.slice(MODEL_FOLDER.length), content);
  if (files.size === 0) throw new InvalidArtifact('The artifact holds no model');
  return {
    contract: readJson(entries, CONTRACT, contractSchema),
    metadata: readJson(entries, METADATA, artifactMetadataSchema),
    files,
  };
}

/** 400 MB: more than any forest that fits the 2 GiB of a WebAssembly memory, which takes about 4.5 times its file size. */
export const MAX_ARTIFACT_BYTES = 400 * 1024 ** 2;

const CONTRACT = 'contract.json';
const METADATA = 'metadata.json';
const MODEL_FOLDER = 'model/';
/** Flat, lower case, no `..`: a name cannot leave the folder it is written to. */
const NAME = /^(model\/)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const MAX_ENTRIES = 1_000;

/** Signatures and sizes of the zip format (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16). */
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const VERSION = 20;
/** 1980-01-01, the first day that the format can tell. */
const DATE = 0x0021;

const localHeader = (name: string, bytes: Uint8Array) =>
  Buffer.concat([word(LOCAL), entryFields(name, bytes), Buffer.from(name, 'latin1')]);

/** Made by the same version; no comment, disk 0, no attributes. */
const directoryEntry = (name: string, bytes: Uint8Array, offset: number) =>
  Buffer.concat([
    word(CENTRAL),
    half(VERSION),
    entryFields(name, bytes),
    Buffer.alloc(10),
    word(offset),
    Buffer.from(name, 'latin1'),
  ]);

const endRecord = (count: number, directoryBytes: number, offset: number) =>
  Buffer.concat([word(END), Buffer.alloc(4), half(count), half(count), word(directoryBytes), word(offset), half(0)]);

/** The 26 bytes that a local and a central header share: version, flags, method, time, date, crc, sizes, name, extra. */
function entryFields(name: string, bytes: Uint8Array): Buffer {
  const size = word(bytes.byteLength);
  return Buffer.concat([
    half(VERSION),
    Buffer.alloc(6),
    half(DATE),
    word(crc32(bytes)),
    size,
    size,
    half(name.length),
    half(0),
  ]);
}

/**
 * Every header is compared with the one that packing would write, and entries must follow each other without gap: there is
 * one way to read the file, and nothing in it that is not read.
 */
function readEntries(zip: Buffer): Map<string, Uint8Array> {
  const end = zip.byteLength - END_BYTES;
  if (end < 0 || zip.readUInt32LE(end) !== END) throw broken('it is not a whole zip file');
  const count = zip.readUInt16LE(end + 10);
  const start = zip.readUInt32LE(end + 16);
  if (count > MAX_ENTRIES) throw broken(`it has ${count} entries`);
  if (start > end || !endRecord(count, end - start, start).equals(zip.subarray(end)))
    throw broken('its end is damaged');
  const entries = new Map<string, Uint8Array>();
  let from = 0;
  let at = start;
  for (let index = 0; index < count; index += 1) {
    if (at + CENTRAL_BYTES > end) throw broken('its directory is damaged');
    const size = zip.readUInt32LE(at + 24);
    const nameEnd = at + CENTRAL_BYTES + zip.readUInt16LE(at + 28);
    const name = zip.toString('latin1', at + CENTRAL_BYTES, Math.min(nameEnd, end));
    if (!NAME.test(name) || entries.has(name))
      throw broken(`its entry ${JSON.stringify(name.slice(0, 80))} is not allowed`);
    const content = zip.subarray(from + LOCAL_BYTES + name.length, from + LOCAL_BYTES + name.length + size);
    const local = localHeader(name, content);
    const whole = from + local.length + size <= start && local.equals(zip.subarray(from, from + local.length));
    if (!whole || !directoryEntry(name, content, from).equals(zip.subarray(at, nameEnd)))
      throw broken(`its entry "${name}" was altered`);
    entries.set(name, content);
    from += local.length + size;
    at = nameEnd;
  }
  if (from !== start || at !== end) throw broken('it holds bytes that belong to no entry');
  return entries;
}

function readJson<T>(entries: ReadonlyMap<string, Uint8Array>, name: string, schema: z.ZodType<T>): T {
  const content = entries.get(name);
  if (!content) throw broken(`it has no ${name}`);
  try {
    return schema.parse(JSON.parse(Buffer.from(content).toString('utf8')));
  } catch (cause) {
    throw new InvalidArtifact(`Cannot read the artifact: its ${name} does not fit`, { cause });
  }
}

const broken = (why: string) => new InvalidArtifact(`Cannot read the artifact: ${why}`);

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function half(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
