import { mkdtemp } from 'node:fs/promises';
import { deploy, openCloud } from './examples/churn/stage.ts';
import { Timeline } from './examples/churn/timeline.ts';
import { CHAPTERS } from './examples/churn/chapters.ts';
import { play } from './examples/churn/scenes.ts';
const cloud = await openCloud();
const stage = await deploy(cloud, new Timeline(), { scratch: await mkdtemp('/tmp/sluice-try-'), signal: new AbortController().signal });
const [january] = CHAPTERS;
await play(stage, january!);
const t0 = performance.now();
for (const c of CHAPTERS.filter((c) => c.kind === 'month').slice(0, Number(process.argv[2] ?? 1))) {
  const days = c.kind === 'month' ? c.days.slice(0, Number(process.argv[3] ?? 99)) : [];
  const t = performance.now();
  console.log(await play(stage, { ...c, days } as never), (performance.now() - t) / 1000 / days.length, 's a day');
}
for (const w of (await stage.registry.windows(40)).reverse()) console.log(w.id, w.status, w.captured.rows, w.failure, w.sentence, w.quality?.sentence, w.versions.map(v => [v.input, v.prediction, v.data, v.maxPsi, v.alerts.map(a=>a.feature+(a.confirmed?'!':''))].flat().join(' ')).join(' | '));
for (const i of await stage.registry.incidents()) console.log(JSON.stringify(i, null, 1));
console.log(JSON.stringify(cloud.iam.report().denied.slice(0,5)));
console.log('total', (performance.now()-t0)/1000);
await cloud.stop();
