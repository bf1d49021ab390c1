import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { audit } from '../../cli/audit.ts';
import { cloudSource } from '../../cli/audit-sources.ts';
import { colours } from '../../cli/colours.ts';
import { shellExports } from '../../cli/commands/local.ts';
import { modelNamed } from '../../cli/environment.ts';
import { coloured, consoleIo } from '../../cli/io.ts';
import { stopRequest, unlessStopped } from '../../cli/stop-request.ts';
import { showNumber } from '../../domain/wording.ts';
import type { Cloud } from '../../local/cloud.ts';
import { CHAPTERS } from './chapters.ts';
import { play } from './scenes.ts';
import { deploy, MODEL, openCloud, type Stage } from './stage.ts';
import { Timeline } from './timeline.ts';

/*
 * What `npm start` plays: the main job of Sluice, on the local cloud, in skipped time. Exit 0 when everything came out as
 * the story goes. `npm start -- --keep` leaves the cloud running afterwards.
 */

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
process.exitCode = await tell(values.keep);

async function tell(keep: boolean): Promise<number> {
  const interrupted = stopRequest();
  const timeline = new Timeline();
  timeline.heading('Sluice: a dataset goes in, a judged model comes out, and gets its traffic in guarded steps', [
    'Everything below happens on this machine: no AWS account, no Docker, no network. Waiting is skipped, computing is not.',
  ]);
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-story-'));
  const cloud = await openCloud();
  try {
    const failures = await unlessStopped(interrupted, performed(cloud, timeline, { scratch, signal: interrupted }));
    timeline.end(ending(failures, timeline.seconds, keep));
    if (keep) await staying(cloud, interrupted);
    return failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (!interrupted.aborted) throw error;
    return 130;
  } finally {
    timeline.close();
    await cloud.stop();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function performed(
  cloud: Cloud,
  timeline: Timeline,
  options: { scratch: string; signal: AbortSignal },
): Promise<string[]> {
  const stage = await deploy(cloud, timeline, options);
  timeline.endOfChapter();
  const failures: string[] = [];
  for (const chapter of CHAPTERS) failures.push(...(await play(stage, chapter)));
  return [...failures, ...(await summary(stage))];
}

async function summary({ timeline, registry, cloud, environment }: Stage): Promise<string[]> {
  timeline.chapter('What stands in the end', `${MODEL} at ${modelNamed(environment, MODEL).predictUrl}`);
  const [versions, uploads] = await Promise.all([registry.versions(), registry.uploads()]);
  for (const { semver, stage, metrics, lineage } of versions) {
    const file = lineage.dataset.key.split('/').at(-1);
    const auc = metrics.auc ? `AUC ${showNumber(metrics.auc.value)}` : '';
    timeline.detail(
      'version',
      `${semver}  ${coloured(stage).padEnd(coloured(stage).length + 8 - stage.length)}  ${auc}  from ${file}`,
    );
  }
  const settled = uploads.filter(({ settledAt }) => settledAt !== null).length;
  const findings = await audit(await cloudSource({ io: consoleIo({ json: true }), stage: environment.stage }, MODEL));
  const denied = cloud.iam.report().denied.length;
  const decisions = (await registry.decisions()).length;
  const checks: [string, boolean][] = [
    [`${settled} of ${uploads.length} uploads have their outcome`, settled === uploads.length],
    [
      `${decisions} decisions in an unbroken hash chain, every file is the one that was decided on`,
      findings.length === 0,
    ],
    [`every call was checked against the policies of the roles, ${denied} were denied`, denied === 0],
  ];
  for (const [what, holds] of checks) timeline.detail(holds ? '✔' : '✘', what);
  return checks.flatMap(([what, holds]) => (holds ? [] : [`not so: ${what}`]));
}

function ending(failures: readonly string[], seconds: number, keep: boolean): string[] {
  const time = `${seconds.toFixed(0)} s`;
  if (failures.length > 0)
    return ['', ...failures.map((failure) => colours.red(`✘ ${failure}`)), `The story ended after ${time}.`, ''];
  const next = keep
    ? []
    : ['Next: open a card, play it again with `npm start -- --keep` and look around, or `npx sluice local`.'];
  return ['', colours.green(`✔ The story went as it should, in ${time}.`), ...next, ''];
}

async function staying({ endpoint, context }: Cloud, interrupted: AbortSignal): Promise<void> {
  const exports = Object.entries(shellExports(endpoint, context.region)).map(
    ([name, value]) => `export ${name}=${value}`,
  );
  const lines = [
    'The cloud stays until Ctrl+C. In another shell:',
    '',
    ...exports,
    '',
    `npx sluice models; npx sluice card ${MODEL}; npx sluice runs ${MODEL}; npx sluice verify ${MODEL}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (!interrupted.aborted) await new Promise((resolve) => interrupted.addEventListener('abort', resolve));
}
