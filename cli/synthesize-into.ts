import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from './io.ts';

const APP = fileURLToPath(new URL('../bin/app.ts', import.meta.url));

/** A cloud assembly on disk and the environment in it that was asked for. */
export interface Assembly {
  readonly directory: string;
  readonly stage: string;
}

/**
 * Synthesizes the configuration that `SLUICE_CONFIG` names, by the very program that `cdk deploy` runs, in a process of its
 * own: the CDK's memory goes when it is done. What it says about a wrong configuration is the user's to read.
 */
export async function synthesizeInto(
  directory: string,
  options: { environment?: string; signal?: AbortSignal },
): Promise<Assembly> {
  const child = spawn(process.execPath, [APP], {
    env: { ...process.env, CDK_OUTDIR: directory },
    // What the program says for people must not get into a command's one JSON document.
    stdio: ['ignore', process.stderr, 'pipe'],
    signal: options.signal,
  });
  const complaint: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (exitCode !== 0) throw new CliError(2, `Cannot synthesize:\n${Buffer.concat(complaint).toString('utf8').trim()}`);
  const stages = await stagesIn(directory);
  const stage = options.environment ?? stages[0];
  if (stage !== undefined && stages.includes(stage)) return { directory, stage };
  throw new CliError(2, `No environment "${stage ?? ''}" in the configuration; it has ${stages.join(', ') || 'none'}`);
}

/** The environments of an assembly, in the order of the configuration. */
async function stagesIn(directory: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')) as {
    artifacts?: Record<string, { type: string; properties?: { directoryName?: string } }>;
  };
  return Object.values(manifest.artifacts ?? {})
    .filter(({ type }) => type === 'cdk:cloud-assembly')
    .map(({ properties }) => (properties?.directoryName ?? '').replace(/^assembly-/, ''));
}
