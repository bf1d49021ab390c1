import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '../../local/cloud.ts';
import type { StackSummary } from '../../local/cloudformation/summary.ts';
import { CliError } from '../io.ts';
import type { Session } from '../session.ts';
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
export async function local(session: Session, { port, state, time }: LocalOptions): Promise<number> {
  const { io } = session;
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-assembly-'));
  const stopped = stopSignal();
  try {
    const started = performance.now();
    const assembly = await synthesizeInto(join(scratch, 'cdk.out'), { environment: session.stage });
    io.say(`synthesized ${assembly.stage} in ${seconds(started)}`);
    const cloud = await startCloud({ port, time, stateDir: state, log: (line) => io.progress(line) });
    try {
      const deployment = await cloud.deploy(assembly.directory, { stage: assembly.stage });
      for (const summary of deployment.stacks) io.say(describe(summary));
      const { region } = cloud.context;
      io.result(
        { ready: true, endpoint: cloud.endpoint, region, stage: assembly.stage, outputs: deployment.outputs },
        () =>
          [
            '',
            `ready at ${cloud.endpoint} (time: ${time}${state ? `, state in ${state}` : ', state in memory'})`,
            '',
            ...Object.entries(shellExports(cloud.endpoint, region)).map(([name, value]) => `export ${name}=${value}`),
            '',
            ...Object.entries(deployment.outputs).flatMap(([stack, outputs]) => [
              stack,
              ...Object.entries(outputs).map(([name, value]) => `  ${name.padEnd(22)} ${value}`),
            ]),
            '',
            'Ctrl+C stops it.',
          ].join('\n'),
      );
      await stopped;
    } finally {
      await cloud.stop();
    }
    return 0;
  } catch (error) {
    if ((error as { code?: string }).code === 'EADDRINUSE') {
      throw new CliError(1, `Port ${port} is taken`, {
        hint: 'Choose another with --port, or leave it out.',
        cause: error,
      });
    }
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
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

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
