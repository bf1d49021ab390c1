import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { shellExports } from '../cli/commands/local.ts';
import { synthesizeInto } from '../cli/synthesize-into.ts';
import { startCloud } from '../local/cloud.ts';

/*
 * How long each handler takes to be loaded in the local cloud, from the start of its process to the first invocation
 * (target for control handlers: 400 ms): the "Init Duration" of their logs, the best of three.
 */
const TARGET_MS = 400;
const ROUNDS = 3;

process.env.SLUICE_CONFIG = fileURLToPath(new URL('../examples/churn/churn.config.ts', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
const best = new Map<string, number>();
try {
  const { directory, stage } = await synthesizeInto(join(scratch, 'cdk.out'), {});
  for (let round = 0; round < ROUNDS; round += 1) {
    const cloud = await startCloud({ time: 'skip' });
    try {
      await cloud.deploy(directory, { stage });
      Object.assign(process.env, shellExports(cloud.endpoint, cloud.context.region));
      for (const [name, ms] of await initTimes(new LambdaClient({})))
        best.set(name, Math.min(ms, best.get(name) ?? ms));
    } finally {
      await cloud.stop();
    }
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}

const sorted = [...best].sort(([, a], [, b]) => a - b);
for (const [name, ms] of sorted) console.log(`${name.padEnd(60)} ${ms.toFixed(0).padStart(5)} ms`);
const [slowest = '', slowestMs = 0] = sorted.at(-1) ?? [];
console.log(`median: ${(sorted[sorted.length >> 1]?.[1] ?? 0).toFixed(0)} ms`);
console.log(`slowest: ${slowestMs.toFixed(0)} ms (${slowest})`);
process.exitCode = slowestMs <= TARGET_MS ? 0 : 1;

/** Invokes every function once, with something that it refuses, and reads how long it took to be loaded. */
async function initTimes(client: LambdaClient): Promise<[name: string, ms: number][]> {
  const times: [string, number][] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client }, {})) {
    for (const { FunctionName = '' } of Functions) {
      const { LogResult = '' } = await client.send(
        new InvokeCommand({ FunctionName, LogType: 'Tail', Payload: Buffer.from('{}') }),
      );
      const log = Buffer.from(LogResult, 'base64').toString('utf8');
      const ms = /Init Duration: ([\d.]+) ms|"initDurationMs":([\d.]+)/.exec(log);
      if (!ms) throw new Error(`${FunctionName} does not say how long it took to be loaded:\n${log}`);
      times.push([FunctionName.replace(/-[0-9A-Z]{12}$/, ''), Number(ms[1] ?? ms[2])]);
    }
  }
  return times;
}
