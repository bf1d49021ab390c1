import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withPredictCode as write } from '../../examples/churn/new-code.ts';

/** The stories' assembly with other code for one model's prediction function; `wrapper` finds the real one as `./real.js`. */
export async function withPredictCode(assembly: string, model: string, wrapper: string): Promise<string> {
  const into = join(await mkdtemp(join(tmpdir(), 'sluice-variant-')), 'cdk.out');
  const { directory } = await write({ directory: assembly, stage: 'test' }, { model, wrapper, into });
  return directory;
}
