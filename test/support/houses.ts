import { fileURLToPath } from 'node:url';
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
} from '@aws-sdk/client-eventbridge';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { answer } from '../../cli/commands/answer.ts';
import { modelNamed } from '../../cli/environment.ts';
import { consoleIo } from '../../cli/io.ts';
import { trainingPrefix } from '../../domain/names.ts';
import type { Registry } from '../../lambdas/shared/registry.ts';
import type { DeployOptions } from '../../local/cloud.ts';
import { openStory, type Story } from './story.ts';
import { housesCsv } from './story-data.ts';

export const MODEL = 'houses';
export const HOUSES_CONFIG = fileURLToPath(new URL('../fixtures/houses.config.ts', import.meta.url));

const HOUR = 3_600_000;

/** A deployment with one small model, and the parts of its story one by one. */
export class Houses {
  readonly story: Story;
  readonly registry: Registry;
  readonly #assembly: string;
  readonly #logs = new CloudWatchLogsClient({});
  readonly #alarms = new CloudWatchClient({});
  #seed = 0;

  static async open(assembly: string): Promise<Houses> {
    return new Houses(await openStory({ assembly, config: HOUSES_CONFIG }), assembly);
  }

  private constructor(story: Story, assembly: string) {
    this.story = story;
    this.registry = story.registry(MODEL);
    this.#assembly = assembly;
  }

  deploy(transformTemplate?: DeployOptions['transformTemplate']) {
    return this.story.cloud.deploy(this.#assembly, transformTemplate ? { transformTemplate } : {});
  }

  /** Rows that were not there before; always under one key, so that only the last upload is one that may be lost. */
  async upload(content = housesCsv(150, ++this.#seed)): Promise<void> {
    await this.story.put(MODEL, 'data.csv', content);
  }

  /** Uploads, and answers for the version. */
  async train(content?: string): Promise<void> {
    await this.upload(content);
    await this.approve();
  }

  corrupt(): Promise<void> {
    return this.train(`house,price\n${++this.#seed},2\n`);
  }

  /** Says yes to the version that waits, if one does. */
  async approve(): Promise<void> {
    await this.story.quiet();
    const { running } = await this.registry.slot();
    const waiting = (await this.registry.versions()).find(({ runId }) => runId === running?.run.runId);
    if (!waiting || (await this.registry.approval(waiting.version))?.status !== 'WAITING') return;
    const io = { ...consoleIo({ json: true }), result: () => undefined };
    await answer({ io, stage: undefined }, `${MODEL}@${waiting.version}`, { approved: true, by: 'ada' });
    await this.story.quiet();
  }

  /** Lets hours pass: schedules come round, messages that fail return until they are dead letters. */
  async hours(count = 1): Promise<void> {
    await this.story.cloud.clock.advance(count * HOUR);
  }

  /** What handlers that died would leave: an event that was lost, a run that was not started, one nobody was told of. */
  async leaveUndone(): Promise<void> {
    const [ended] = (await this.registry.runs()).filter(({ endedAt }) => endedAt !== null);
    if (!ended) throw new Error('no run has ended yet');
    const runId = `${ended.runId}-${++this.#seed}`;
    const { dataset } = ended;
    const slot = await this.registry.slot();
    const pending = { status: 'PENDING', executionArn: null, startedAt: null, endedAt: null, version: null } as const;
    await this.registry.write({
      slot: {
        ...slot,
        running: { run: { model: MODEL, runId, dataset }, uploadId: 'gone', sequencer: '0' },
        revision: slot.revision + 1,
      },
      runs: [
        { ...ended, announced: false },
        { ...ended, ...pending, runId, attempt: this.#seed, announced: false },
      ],
    });
    const events = new EventBridgeClient({});
    const { Rules = [] } = await events.send(new ListRulesCommand({}));
    const { Name } = Rules.find(({ Description }) => Description === `Datasets for ${MODEL}`) ?? {};
    await events.send(new DisableRuleCommand({ Name }));
    await this.upload();
    await events.send(new EnableRuleCommand({ Name }));
  }

  /** Deploys what was taken away, and finishes what was left behind. */
  async mend(): Promise<void> {
    await this.deploy();
    await this.story.s3.send(
      new DeleteObjectCommand({ Bucket: this.story.environment.dataBucket, Key: `${trainingPrefix(MODEL)}data.csv` }),
    );
    await this.story.quiet();
    while (await this.#busy()) {
      await this.hours();
      await this.approve();
    }
  }

  async #busy(): Promise<boolean> {
    const [slot, head] = await Promise.all([this.registry.slot(), this.registry.head()]);
    return slot.running !== null || head.rollout !== null;
  }

  /** What every log has said since a moment of the cloud's time: handlers' and the state machine's. */
  async logged(startTime: number): Promise<string> {
    const { logGroups = [] } = await this.#logs.send(new DescribeLogGroupsCommand({}));
    const pages = await Promise.all(
      logGroups.map(({ logGroupName }) => this.#logs.send(new FilterLogEventsCommand({ logGroupName, startTime }))),
    );
    return pages.flatMap(({ events = [] }) => events.map(({ message }) => message)).join('\n');
  }

  /** How many messages wait in each queue but the test's own. */
  async queued(): Promise<Record<string, number>> {
    const { sqs } = this.story;
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    const queues = QueueUrls.filter((url) => !url.endsWith('/mailbox'));
    const counted = await Promise.all(
      queues.map(async (QueueUrl) => {
        const { Attributes = {} } = await sqs.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        );
        return [QueueUrl.split('/').at(-1), Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0)];
      }),
    );
    return Object.fromEntries(counted) as Record<string, number>;
  }

  /** Calls that were denied meanwhile, as `<role or service> <action>`. */
  async denials(body: () => Promise<unknown>): Promise<string[]> {
    const { iam } = this.story.cloud;
    const before = new Map(iam.report().denied.map(({ times, ...call }) => [JSON.stringify(call), times]));
    await body();
    return iam
      .report()
      .denied.filter(({ times, ...call }) => times > (before.get(JSON.stringify(call)) ?? 0))
      .map(({ principal, action }) => `${/^Service: (\S+)/.exec(principal)?.[1] ?? principal.split('/')[1]} ${action}`);
  }

  /** Stops a run while it waits for a person. */
  async stopRun(): Promise<void> {
    await this.upload();
    await this.story.quiet();
    const run = await this.registry.run((await this.registry.slot()).running?.run.runId ?? '');
    await this.story.sfn.send(new StopExecutionCommand({ executionArn: run?.executionArn ?? '' }));
    await this.story.quiet();
  }

  /** Rolls the champion out again, by two people at once. */
  async rollOutTwice(): Promise<void> {
    const version = (await this.registry.head()).champion;
    const { rolloutStateMachineArn: stateMachineArn } = modelNamed(this.story.environment, MODEL);
    const by = (person: string) => ({ model: MODEL, version, kind: 'CODE', by: person, reason: 'to be sure' });
    await Promise.all(
      ['ada', 'bob'].map((person) =>
        this.story.sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(by(person)) })),
      ),
    );
    await this.story.quiet();
  }

  /** Sets off an alarm. */
  async alarm(): Promise<void> {
    const AlarmName = await this.#alarmName();
    await this.#alarms.send(new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'a test' }));
    await this.story.quiet();
  }

  async alarmHistory(): Promise<string> {
    const AlarmName = await this.#alarmName();
    const { AlarmHistoryItems } = await this.#alarms.send(new DescribeAlarmHistoryCommand({ AlarmName }));
    return JSON.stringify(AlarmHistoryItems);
  }

  async #alarmName(): Promise<string> {
    const { MetricAlarms = [] } = await this.#alarms.send(new DescribeAlarmsCommand({}));
    return MetricAlarms.map(({ AlarmName = '' }) => AlarmName).find((name) => name.includes('PipelineFailed')) ?? '';
  }
}
