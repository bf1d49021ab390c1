import type { JsonObject } from '../json.ts';
import { StateFailure } from './failure.ts';

/** Runs a task's body; a failure is written as `…TimedOut` or `…Failed` before it goes on. */
export async function reporting<T>(
  append: (type: string, details?: JsonObject) => void,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof StateFailure && !error.fatal) {
      append(error.error === 'States.Timeout' ? 'TimedOut' : 'Failed', error.details);
    }
    throw error;
  }
}
