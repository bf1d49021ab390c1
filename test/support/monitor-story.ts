import { fileURLToPath } from 'node:url';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { modelNamed } from '../../cli/environment.ts';
import { windowPlanSchema } from '../../domain/monitor/plan.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { LIVE_ALIAS, METRIC_NAMESPACE, truthPrefix, WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import { type Customer, customers } from '../../examples/churn/generator.ts';
import type { Template } from '../../local/cloudformation/template.ts';
import { openStory, type Story, type StoryOptions } from './story.ts';

export const WATCHED_MODEL = 'churn';
export const MONITOR_CONFIG = fileURLToPath(new URL('../fixtures/monitor.config.ts', import.meta.url));

const HOUR = 3_600_000;

/** A model on the local cloud whose hours go by: who asks it, and what its windows say. */
export class MonitorStory {
  readonly story: Story;
  /** What was answered, by inference id. */
  readonly said = new Map<string, string>();
  #seed = 100;

  static async open(options: StoryOptions = {}): Promise<MonitorStory> {
    return new MonitorStory(await openStory({ config: MONITOR_CONFIG, ...options }));
  }

  private constructor(story: Story) {
    this.story = story;
  }

  get registry() {
    return this.story.registry(WATCHED_MODEL);
  }

  /** Customers who were never seen before, as a caller asks about them. */
  people(rows: number): Omit<Customer, 'churned'>[] {
    this.#seed += 1;
    return customers({ rows, seed: this.#seed }).map(({ churned: _hidden, ...person }) => person);
  }

  /** Requests of a hundred instances each, now; gives the inference ids. */
  async ask(people: readonly object[]): Promise<string[]> {
    const { predictFunctionName: FunctionName } = modelNamed(this.story.environment, WATCHED_MODEL);
    const ids: string[] = [];
    for (let from = 0; from < people.length; from += 100) {
      const { Payload } = await this.story.lambda.send(
        new InvokeCommand({
          FunctionName,
          Qualifier: LIVE_ALIAS,
          Payload: Buffer.from(JSON.stringify({ instances: people.slice(from, from + 100) })),
        }),
      );
      const answer = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as {
        inference_ids: string[];
        predictions: { label: string }[];
      };
      for (const [index, id] of answer.inference_ids.entries())
        this.said.set(id, answer.predictions[index]?.label ?? '');
      ids.push(...answer.inference_ids);
    }
    return ids;
  }

  /** Sends labels back, of which a share says something else than was predicted. */
  async truth(ids: readonly string[], wrong: number, name = 'truth.csv'): Promise<void> {
    const rows = ids.map((id, index) => {
      const right = (index * 7) % 100 >= 100 * wrong;
      return `${id},${(this.said.get(id) === 'yes') === right ? 'yes' : 'no'}`;
    });
    const Body = `inference_id,label\n${rows.join('\n')}\n`;
    const Bucket = this.story.environment.dataBucket;
    await this.story.s3.send(new PutObjectCommand({ Bucket, Key: `${truthPrefix(WATCHED_MODEL)}${name}`, Body }));
    await this.story.quiet();
  }

  /** Lets hours pass, and the minutes until the last one's window is closed. */
  async untilClosed(hours = 1): Promise<WindowItem | undefined> {
    const { clock } = this.story.cloud;
    const over = (Math.floor(clock.now() / HOUR) + hours) * HOUR + 18 * 60_000;
    await clock.advance(over - clock.now());
    await clock.idle();
    return (await this.registry.windows(1))[0];
  }

  /** What must hold of all windows: they follow each other without a gap, and no capture is in two of them. */
  async brokenWindows(): Promise<string[]> {
    const windows = (await this.registry.windows(500)).reverse();
    const gaps = windows.flatMap((window, index) => {
      const next = windows[index + 1];
      return next && next.from !== window.to ? [`after ${window.id} comes ${next.id}`] : [];
    });
    const seen = new Map<string, string>();
    const twice: string[] = [];
    for (const { id, model, captured } of windows.filter((window) => window.captured.objects > 0)) {
      const plan = windowPlanSchema.parse(
        JSON.parse(await this.text(`${windowPrefix(model, id)}${WINDOW_FILES.plan}`)),
      );
      const keys = plan.items.flatMap((item) => (item.cohort === null ? item.objects.map(({ key }) => key) : []));
      if (keys.length !== captured.objects) twice.push(`${id} has ${keys.length} objects and says ${captured.objects}`);
      for (const key of keys) {
        if (seen.has(key)) twice.push(`${key} is in ${seen.get(key)} and ${id}`);
        seen.set(key, id);
      }
    }
    return [...gaps, ...twice];
  }

  /** A file of the artifact bucket. */
  async text(key: string | null | undefined): Promise<string> {
    const { Body } = await this.story.s3.send(
      new GetObjectCommand({ Bucket: this.story.environment.artifactBucket, Key: key ?? '' }),
    );
    return (await Body?.transformToString()) ?? '';
  }

  /** The largest value of a metric in the last minutes; null where there is none. */
  async maximum(MetricName: string): Promise<number | null> {
    const now = this.story.cloud.clock.now();
    const { Datapoints = [] } = await new CloudWatchClient({}).send(
      new GetMetricStatisticsCommand({
        Namespace: METRIC_NAMESPACE,
        MetricName,
        Dimensions: [{ Name: 'Model', Value: WATCHED_MODEL }],
        StartTime: new Date(now - 600_000),
        EndTime: new Date(now + 60_000),
        Period: 60,
        Statistics: ['Maximum'],
      }),
    );
    return Datapoints.length === 0 ? null : Math.max(...Datapoints.map(({ Maximum = 0 }) => Maximum));
  }
}

/** The template without what brings a log to its delivery stream. */
export const withoutSubscription = (template: Template): Template => ({
  ...template,
  Resources: Object.fromEntries(
    Object.entries(template.Resources).filter(([, { Type }]) => Type !== 'AWS::Logs::SubscriptionFilter'),
  ),
});
