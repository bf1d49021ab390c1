import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '../../local/cloud.ts';
import type { StackSummary } from '../../local/cloudformation/summary.ts';
import { CliError } from '../io.ts';
import type { Session } from '../session.ts';
import { stopRequest, unlessStopped } from '../stop-request.ts';
import { synthesizeInto } from '../synthesize-into.ts';

export interface LocalOptions {
  readonly port?: number;
  readonly state?: string;
  readonly time: 'real' | 'skip';
}

/** What a shell needs to talk to a local cloud with the aws CLI, an SDK or this CLI. */
export const shellExports = (endpoint: string, region: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

/** `sluice local`: synthesizes, starts the local cloud, deploys, says where it is, and runs until it is told to stop. */
export async function local(session: Session, options: LocalOptions): Promise<number> {
  const stop = stopRequest();
  try {
    await run(session, options, stop);
  } catch (error) {
    // What was under way when somebody asked for the end fails in ways that say nothing.
    if (!stop.aborted) throw options.port === undefined ? error : explained(error, options.port);
  }
  session.io.idle();
  return 0;
}

async function run({ io, stage }: Session, { port, state, time }: LocalOptions, stop: AbortSignal): Promise<void> {
  // The cloud first: a port or a state folder that is in use is told at once.
  const cloud = await startCloud({ port, time, stateDir: state, log: (line) => io.progress(line) });
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-assembly-'));
  try {
    io.busy('synthesizing the templates');
    const started = performance.now();
    const assembly = await synthesizeInto(join(scratch, 'cdk.out'), { environment: stage, signal: stop });
    io.say(`synthesized ${assembly.stage} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
    io.busy('deploying them');
    const { stacks, outputs } = await unlessStopped(stop, cloud.deploy(assembly.directory, { stage: assembly.stage }));
    for (const summary of stacks) io.say(describe(summary));
    const { endpoint, context } = cloud;
    const { region } = context;
    io.result({ ready: true, endpoint, region, stage: assembly.stage, outputs }, () =>
      [
        '',
        `ready at ${endpoint} (time: ${time}, state in ${state ?? 'memory'})`,
        '',
        ...Object.entries(shellExports(endpoint, region)).map(([name, value]) => `export ${name}=${value}`),
        '',
        ...Object.entries(outputs).flatMap(outputLines),
        '',
        'Ctrl+C stops it.',
      ].join('\n'),
    );
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    await cloud.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Outputs that a person looks for; those that one stack exports for another are in the JSON. */
const outputLines = ([stack, outputs]: [string, Readonly<Record<string, string>>]): string[] => [
  stack,
  ...Object.entries(outputs)
    .filter(([name]) => !name.startsWith('ExportsOutput'))
    .map(([name, value]) => `  ${name.padEnd(22)} ${value}`),
];

function explained(error: unknown, port: number): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  const hint = 'Choose another with --port, or leave it out.';
  return new CliError(1, `Port ${port} is taken`, { hint, cause: error });
}

function describe({ stack, created, updated, replaced, deleted, unchanged }: StackSummary): string {
  const counts = [
    `${created.length} created`,
    `${updated.length} updated`,
    `${replaced.length} replaced`,
    `${deleted.length} deleted`,
    `${unchanged} unchanged`,
  ].filter((count) => !count.startsWith('0 '));
  const why = replaced.map(
    ({ logicalId, properties = [] }) => `\n  replaced ${logicalId}, because of ${properties.join(', ')}`,
  );
  return `${stack}: ${counts.join(', ') || 'nothing to do'}${why.join('')}`;
}
