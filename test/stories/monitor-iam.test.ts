import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import { customers, toCsv } from '../../examples/churn/generator.ts';
import { MONITOR_CONFIG, MonitorStory, WATCHED_MODEL, withoutSubscription } from '../support/monitor-story.ts';
import { assemblyStatements, denialsDuring, withoutStatement } from '../support/role-statements.ts';

/**
 * Every statement of the roles that watch a model is needed: each is taken away in turn, and an hour goes by. Those for
 * traces, logs and the last resort are as every handler has them, and tried elsewhere.
 */
const folder = mkdtempSync(join(tmpdir(), 'sluice-monitor-iam-'));
process.env.SLUICE_CONFIG = MONITOR_CONFIG;
const { directory: assembly } = await synthesizeInto(join(folder, 'cdk.out'), {});
const EVERYWHERE =
  /^(xray:|logs:(CreateLog|PutLog|UpdateLog|GetLogDelivery|ListLogDeliveries|DeleteLog|Describe|PutResource)|sqs:SendMessage|kms:)/;
const OWN = assemblyStatements(assembly)
  .filter(({ owner, actions }) => /^Monitoring/.test(owner) && !actions.some((name) => EVERYWHERE.test(name)))
  .map((place) => ({
    ...place,
    title: `${place.owner.replace(/(Role)?(DefaultPolicy)?[0-9A-F]{8}$/, '')} without ${place.actions.join(', ')} (${place.index})`,
  }));

let model: MonitorStory;
let turn = 0;
beforeAll(async () => {
  model = await MonitorStory.open({ assembly });
  await model.story.upload(WATCHED_MODEL, 'first.csv', toCsv(customers({ rows: 1_200, seed: 1 })));
}, 300_000);
afterAll(async () => {
  await model?.story.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  await model.story.cloud.deploy(assembly);
  await model.untilClosed();
});

type Place = (typeof OWN)[number];

/** The first that fits is what a statement is for. */
const SCENES: readonly [fits: (place: Place) => boolean, play: () => Promise<unknown>][] = [
  [
    // Labels are read when the day that they speak of is over.
    ({ statement, actions }) =>
      JSON.stringify(statement.Resource).includes('/labels/') && actions.includes('s3:GetObject'),
    async () => {
      await model.truth(await model.ask(model.people(60)), 0.5, `labels-${turn}.csv`);
      await model.untilClosed(26);
    },
  ],
  [
    // An execution that is said to be at work is looked up.
    ({ actions }) => actions.includes('states:DescribeExecution'),
    async () => {
      const [last] = await model.registry.windows(1);
      if (!last) throw new Error('no window was closed yet');
      const from = last.to;
      const window = {
        ...last,
        id: `${from.slice(0, 16)}Z`,
        from,
        to: from,
        status: 'RUNNING' as const,
        owner: 'gone',
        revision: 1,
      };
      await model.registry.write({ window });
      await model.untilClosed();
    },
  ],
  [
    () => true,
    async () => {
      await model.ask(model.people(40));
      await model.untilClosed();
    },
  ],
];

test.each(OWN)('$title fails in the open', async (place) => {
  turn += 1;
  const stops = place.actions.some((action) => /^(cloudwatch:GetMetricData|logs:FilterLogEvents)$/.test(action));
  await model.story.cloud.deploy(assembly, {
    transformTemplate: (stack, template) => {
      if (stack !== place.stack) return template;
      const without = withoutStatement(stack, template, place);
      return stops ? withoutSubscription(without) : without;
    },
  });
  const denied = await denialsDuring(model.story.cloud, place.policy, async () =>
    SCENES.find(([fits]) => fits(place))?.[1](),
  );
  expect(denied).toContainEqual([true, expect.stringMatching(new RegExp(`^(${place.actions.join('|')})$`))]);
});
