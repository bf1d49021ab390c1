import * as z from 'zod';
import { InvalidArtifact } from '../../domain/errors.ts';
import { MAX_ARTIFACT_BYTES } from '../shared/artifact.ts';
import type { ObjectStore } from '../shared/objects.ts';
import { loadModel } from '../shared/serving.ts';
import type { Served } from './predict.ts';

const modelReference = z.object({
  bucket: z.string(),
  key: z.string(),
  sha256: z.string(),
  version: z.int(),
  semver: z.string(),
});

/** The environment variable `MODEL`, which a rollout sets before it publishes a version; empty before the first one. */
export const modelVariable = z
  .string()
  .transform((text, context): unknown => {
    try {
      return text === '' ? null : JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'expected empty text or JSON' });
      return z.NEVER;
    }
  })
  .pipe(modelReference.nullable());
export type ModelReference = z.infer<typeof modelReference>;

/**
 * Begins to load the model at once and hands it to every invocation. A failure that may pass is tried again with the next
 * invocation. A wrong artifact is looked at again only after a while: somebody may have put the right one back, but until
 * then no caller should wait for a download that ends in the same error.
 */
export function servedModel(
  reference: ModelReference | null,
  objects: Pick<ObjectStore, 'getBytes'>,
  now: () => number = () => performance.now(),
) {
  const begin = () => {
    const loading = reference ? load(reference, objects) : Promise.resolve(null);
    loading.catch((error: unknown) => {
      if (error instanceof InvalidArtifact) lookAgainAt = now() + LOOK_AGAIN_MS;
      else current = undefined;
    });
    return loading;
  };
  let lookAgainAt = Number.POSITIVE_INFINITY;
  let current: Promise<Served | null> | undefined = begin();
  return {
    get: () => {
      if (now() >= lookAgainAt) {
        lookAgainAt = Number.POSITIVE_INFINITY;
        current = undefined;
      }
      current ??= begin();
      return current;
    },
    /** Told of what an answer threw: an aborted WebAssembly module never answers again, the next invocation loads anew. */
    failed: (error: unknown) => {
      if (error instanceof Error && error.name === 'RuntimeError') current = undefined;
    },
  };
}

const LOOK_AGAIN_MS = 60_000;

async function load(
  { bucket, key, sha256, semver }: ModelReference,
  objects: Pick<ObjectStore, 'getBytes'>,
): Promise<Served> {
  const bytes = await objects.getBytes({ bucket, key }, { maxBytes: MAX_ARTIFACT_BYTES });
  return { semver, model: await loadModel(bytes, { sha256 }) };
}
