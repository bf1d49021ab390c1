import type * as z from 'zod';
import { DependencyUnavailable } from '../../domain/errors.ts';
import type { MonitorPorts } from './ports.ts';

/** A file of the artifact bucket as its schema has it; null where it is gone or is not what it should be. */
export async function readable<T>(
  key: string,
  schema: z.ZodType<T>,
  { objects, artifactBucket: bucket }: MonitorPorts,
): Promise<T | null> {
  try {
    return await objects.getJson({ bucket, key }, schema);
  } catch (error) {
    // S3 denies what is not there to who may not list; only a service that does not answer is asked again.
    if (error instanceof DependencyUnavailable) throw error;
    return null;
  }
}
