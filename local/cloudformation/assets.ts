import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AssetLocator } from '../kernel/resource-type.ts';

interface AssetManifest {
  readonly files?: Readonly<
    Record<
      string,
      {
        readonly source: { readonly path?: string; readonly executable?: readonly string[] };
        readonly destinations: Readonly<Record<string, { readonly bucketName: string; readonly objectKey: string }>>;
      }
    >
  >;
}

/**
 * Finds the assets of an assembly by the key that templates name. The key is the hash of the content, so the bucket, which
 * holds the account and the region that the app was synthesized for, is not compared.
 */
export function assetLocator(directory: string, manifests: readonly string[]): AssetLocator {
  const paths = new Map<string, string>();
  for (const file of manifests) {
    const { files = {} } = JSON.parse(readFileSync(join(directory, file), 'utf8')) as AssetManifest;
    for (const { source, destinations } of Object.values(files)) {
      for (const { objectKey } of Object.values(destinations)) {
        if (source.path) paths.set(objectKey, resolve(directory, source.path));
      }
    }
  }
  return {
    path(bucket, key) {
      const path = paths.get(key);
      if (path) return path;
      throw new Error(`The cloud assembly ${directory} has no asset for s3://${bucket}/${key}`);
    },
  };
}
