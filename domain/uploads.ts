import * as z from 'zod';

/** What a key under `<model>/training/` is. */
export type UploadKind = 'file' | 'manifest' | 'part' | 'folder';

/**
 * A plain file is its own commit. Objects below a folder `….parts/` are parts of a dataset and wait for a manifest
 * `….manifest.json` that names them. A key that ends with a slash is how consoles draw folders.
 */
export function uploadKind(key: string): UploadKind {
  if (key.endsWith('/')) return 'folder';
  if (key.endsWith('.manifest.json')) return 'manifest';
  return key.includes('.parts/') ? 'part' : 'file';
}

/** What a manifest holds: the parts of one dataset, in order, by key within the same bucket and model. */
export const manifestSchema = z.strictObject({
  files: z
    .array(z.strictObject({ key: z.string().min(1), versionId: z.string().optional() }))
    .min(1)
    .max(1_000),
});
