import { readFile, writeFile } from 'node:fs/promises';
import { InvalidArtifact } from '../../domain/errors.ts';
import type { ObjectListing } from '../../lambdas/shared/object-listing.ts';
import {
  encodeJson,
  type ObjectDigest,
  type ObjectLocation,
  type ObjectStore,
  parseJson,
  sha256Hex,
  uri,
} from '../../lambdas/shared/objects.ts';

/** An object store in memory that keeps every version, as a versioned bucket does. */
export function memoryObjects(): ObjectStore & { keys(bucket: string): string[]; text(at: ObjectLocation): string } {
  const versions = new Map<string, Uint8Array[]>();
  const id = (at: ObjectLocation) => `${at.bucket}/${at.key}`;
  const read = (at: ObjectLocation, maxBytes = Number.POSITIVE_INFINITY) => {
    const all = versions.get(id(at)) ?? [];
    const bytes = at.versionId === undefined ? all.at(-1) : all[Number(at.versionId) - 1];
    if (bytes === undefined) throw new InvalidArtifact(`${uri(at)} does not exist`);
    if (bytes.byteLength > maxBytes) throw new InvalidArtifact(`${uri(at)} holds more than ${maxBytes} bytes`);
    return bytes;
  };
  const digest = (bytes: Uint8Array): ObjectDigest => ({ bytes: bytes.byteLength, sha256: sha256Hex(bytes) });
  return {
    keys: (bucket) =>
      [...versions.keys()].filter((key) => key.startsWith(`${bucket}/`)).map((key) => key.slice(bucket.length + 1)),
    text: (at) => Buffer.from(read(at)).toString('utf8'),
    async getBytes(from, limits) {
      return read(from, limits?.maxBytes);
    },
    async getJson(from, schema) {
      return parseJson(from, read(from), schema);
    },
    async putBytes(to, bytes) {
      const all = [...(versions.get(id(to)) ?? []), Uint8Array.from(bytes)];
      versions.set(id(to), all);
      return { ...digest(bytes), versionId: String(all.length) };
    },
    putJson(to, value) {
      return this.putBytes(to, encodeJson(value));
    },
    async download(from, file, limits) {
      const bytes = read(from, limits?.maxBytes);
      await writeFile(file, bytes);
      return digest(bytes);
    },
    async upload(file, to) {
      return this.putBytes(to, await readFile(file));
    },
  };
}

/** Lists objects in the order of their keys, as S3 does. */
export function memoryListing(
  stored: () => Promise<readonly { bucket: string; key: string; bytes: number }[]>,
): ObjectListing {
  const below = async (bucket: string, prefix: string) =>
    (await stored())
      .filter((object) => object.bucket === bucket && object.key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  return {
    async *objects({ bucket, prefix, after = '' }) {
      for (const { key, bytes } of await below(bucket, prefix)) {
        if (key > after) yield { key, bytes, modifiedAt: '2026-11-23T10:25:00.000Z' };
      }
    },
    async folders({ bucket, prefix }) {
      const names = (await below(bucket, prefix)).map(({ key }) => key.slice(prefix.length));
      return [...new Set(names.flatMap((name) => /^[^/]*\//.exec(name) ?? []))].map((name) => `${prefix}${name}`);
    },
  };
}
