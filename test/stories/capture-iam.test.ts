import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import { CAPTURE_CONFIG, CaptureStory, csvOf, MODEL, persons } from '../support/capture-story.ts';
import { assemblyStatements, denialsDuring, withoutStatement } from '../support/role-statements.ts';

/**
 * Every statement of the roles of capture, truth and retraining is needed: each is taken away in turn, and what it is for
 * is done. Those for traces and the last resort are as every handler has them, and tried elsewhere.
 */
const folder = mkdtempSync(join(tmpdir(), 'sluice-capture-iam-'));
process.env.SLUICE_CONFIG = CAPTURE_CONFIG;
const { directory: assembly } = await synthesizeInto(join(folder, 'cdk.out'), {});
const EVERYWHERE = /^(xray:|sqs:SendMessage|kms:)/;
const OWN = assemblyStatements(assembly)
  .filter(
    ({ owner, actions }) => /^(Capture|Truth|Retraining)/.test(owner) && !actions.some((name) => EVERYWHERE.test(name)),
  )
  .map((place) => ({
    ...place,
    title: `${place.owner.replace(/(Role)?(DefaultPolicy)?[0-9A-F]{8}$/, '')} without ${place.actions.join(', ')}`,
  }));

let capture: CaptureStory;
let turn = 0;
beforeAll(async () => {
  capture = await CaptureStory.open({ assembly });
  await capture.story.upload(MODEL, 'first.csv', csvOf(persons(800, 1)));
  const asked = persons(30, 2);
  const { inference_ids: ids } = await capture.ask(asked);
  await capture.delivered();
  const labels = ids.map((id, index) => `${id},${asked[index]?.churned}`);
  await capture.truth(`inference_id,label\n${labels.join('\n')}\n`);
}, 300_000);
afterAll(async () => {
  await capture?.story.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await capture.story.cloud.deploy(assembly);
  await capture.delivered();
});

/** Firehose only writes a log of its own when something fails. */
const alsoWithout = ({ owner, actions }: (typeof OWN)[number]) =>
  /^CaptureDelivery/.test(owner) && actions.includes('logs:PutLogEvents')
    ? OWN.filter((other) => other.owner === owner && other.actions.includes('lambda:InvokeFunction'))
    : [];

/** What a role is for, by whose it is. */
const SCENES: readonly [owner: RegExp, play: () => Promise<unknown>][] = [
  [
    /^Capture/,
    async () => {
      await capture.ask(persons(1, turn));
      const timestamp = capture.story.cloud.clock.now();
      const [line] = (await capture.logged('Predict')).filter(({ message = '' }) =>
        message.includes('"message":"capture"'),
      );
      await capture.putLines([
        { timestamp, message: '{"message":"capture"}' },
        { timestamp, message: line?.message ?? '' },
      ]);
      await capture.delivered();
    },
  ],
  [
    /^Truth/,
    async () => {
      await capture.truth(`inference_id,label\nright-${turn},yes\n`).catch(() => undefined);
      await capture.truth(`inference_id,label\nwrong-${turn},perhaps\n`).catch(() => undefined);
      await capture.lost();
    },
  ],
  // Asked twice: the second time it finds what it made. What an earlier turn made may serve by now, so the labels are older.
  [
    /^Retraining/,
    async () => {
      for (let time = 0; time < 2; time += 1) await capture.compose(`incident-${turn}`, '2000-01-01T00:00:00.000Z');
      await capture.story.quiet();
    },
  ],
];

test.each(OWN)('$title fails in the open', async (place) => {
  turn += 1;
  await capture.story.cloud.deploy(assembly, {
    transformTemplate: (stack, template) =>
      [place, ...alsoWithout(place)]
        .filter((taken) => taken.stack === stack)
        .reduce((changed, taken) => withoutStatement(stack, changed, taken), template),
  });
  const denied = await denialsDuring(capture.story.cloud, place.policy, async () =>
    SCENES.find(([owner]) => owner.test(place.owner))?.[1](),
  );
  expect(denied).toContainEqual([true, expect.stringMatching(new RegExp(`^(${place.actions.join('|')})$`))]);
});
