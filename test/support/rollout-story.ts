import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import { GetAliasCommand } from '@aws-sdk/client-lambda';
import { GetExecutionHistoryCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { modelNamed } from '../../cli/environment.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import type { Template } from '../../local/cloudformation/template.ts';
import type { Fault, InjectedFault } from '../../local/faults.ts';
import { liveTraffic } from './live-traffic.ts';
import { openStory, type Story, type StoryOptions } from './story.ts';
import { housesCsv } from './story-data.ts';

const MODEL = 'houses';
const DISTRICTS = ['harbour', 'hill', 'old town', 'station'];

/** Longer than alarms remember: what an earlier rollout did holds up no other one. */
const QUIET_MS = 10 * 60_000;

/** One model with a champion and a version that may be rolled out as often as one likes, callers, and hands that disturb. */
export class RolloutStory {
  readonly story: Story;
  readonly #alarms = new CloudWatchClient({});
  #sequence = 0;
  #faults: InjectedFault[] = [];
  #memory = 0;

  static async open(options: StoryOptions): Promise<RolloutStory> {
    return new RolloutStory(await openStory(options));
  }

  private constructor(story: Story) {
    this.story = story;
  }

  get registry() {
    return this.story.registry(MODEL);
  }

  get #parts() {
    return modelNamed(this.story.environment, MODEL);
  }

  upload(seed: number) {
    return this.story.put(MODEL, `houses-${seed}.csv`, housesCsv(600, seed));
  }

  outcome(versionId: string) {
    return this.story.outcome(MODEL, versionId);
  }

  /** Starts a rollout as a person does, once nothing of an earlier one is in the way. */
  async start(version: number, request: { runId?: string; kind?: string } = {}): Promise<string> {
    this.#sequence += 1;
    const { executionArn = '' } = await this.story.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: this.#parts.rolloutStateMachineArn,
        name: `by-hand-${this.#sequence}`,
        input: JSON.stringify({ model: MODEL, version, kind: 'VERSION', by: 'ada', reason: 'again', ...request }),
      }),
    );
    return executionArn;
  }

  stop(executionArn: string, cause = 'changed my mind') {
    return this.story.sfn.send(new StopExecutionCommand({ executionArn, cause }));
  }

  /** States that an execution entered. */
  async states(executionArn: string): Promise<string[]> {
    const { events = [] } = await this.story.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
    );
    return events.flatMap(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name ?? []);
  }

  /** Makes requests of the rollout handler go wrong. */
  fault(fault: Omit<Fault, 'caller'>): InjectedFault {
    const injected = this.story.cloud.faults.inject({ caller: /RolloutsRollout/, ...fault });
    this.#faults.push(injected);
    return injected;
  }

  /** Ends every fault. */
  heal(): void {
    for (const fault of this.#faults) fault.release();
    this.#faults = [];
  }

  alias() {
    const { predictFunctionName: FunctionName } = this.#parts;
    return this.story.lambda.send(new GetAliasCommand({ FunctionName, Name: LIVE_ALIAS }));
  }

  get predictFunctionName() {
    return this.#parts.predictFunctionName;
  }

  /** Where requests go, as `3` or `3 +4:0.2`. */
  async weights(): Promise<string> {
    const { FunctionVersion, RoutingConfig } = await this.alias();
    const others = Object.entries(RoutingConfig?.AdditionalVersionWeights ?? {});
    return [FunctionVersion, ...others.map(([version, weight]) => `+${version}:${weight}`)].join(' ');
  }

  /** The function version of the champion, alone: what `weights` gives when no rollout goes on. */
  async champion(): Promise<string> {
    const { champion } = await this.registry.head();
    return (await this.registry.version(champion ?? 0))?.functionVersion ?? '1';
  }

  /** Deploys a change of the prediction function that is none for the traffic. */
  deploy() {
    this.#sequence += 1;
    const [memory, description] = [this.#memory, `deployed ${this.#sequence}`];
    const change = (template: Template) => changed(template, { memory, description });
    return this.story.cloud.deploy(this.story.assembly, { transformTemplate: (_stack, template) => change(template) });
  }

  /** Deploys new settings, which are new code for the traffic: the champion is rolled out on them. */
  deployNewCode() {
    this.#memory += 64;
    return this.deploy();
  }

  /** Sets the alarm on failed predictions. */
  async setAlarm(StateValue: StateValue): Promise<void> {
    const { MetricAlarms = [] } = await this.#alarms.send(new DescribeAlarmsCommand({}));
    const AlarmName = MetricAlarms.find((alarm) => alarm.AlarmName?.includes('PredictErrors'))?.AlarmName;
    await this.#alarms.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a drill' }));
  }

  /** S3 tells the times of uploads in whole seconds: after one of them the next upload is known to be newer. */
  moment(): Promise<void> {
    return this.story.cloud.clock.run('a moment', (work) => work.sleep(1_000));
  }

  /** Time passes in which nothing happens. */
  async rest(): Promise<void> {
    await this.story.cloud.clock.idle();
    await this.story.cloud.clock.advance(QUIET_MS);
    await this.story.cloud.clock.idle();
  }

  /** Plays a scene while callers send requests, until it is over; gives how many were answered. None may fail. */
  async underTraffic(scene: () => Promise<unknown>, perMinute = 40): Promise<number> {
    let over = false;
    const played = Promise.allSettled([scene()]).finally(() => {
      over = true;
    });
    const answers = await liveTraffic(this.story, MODEL, {
      perMinute,
      instance: (index) => ({
        size: 40 + ((index * 37) % 150),
        rooms: 1 + (index % 5),
        district: DISTRICTS[index % DISTRICTS.length],
      }),
      until: async () => over,
    });
    const [scened] = await played;
    if (scened.status === 'rejected') throw scened.reason;
    const failed = answers.filter((answer) => answer.failed);
    if (failed.length > 0) throw new Error(`${failed.length} of ${answers.length} requests failed`);
    return answers.length;
  }

  /** Plays a scene in which the cloud's time does not jump: nobody looks, nothing bakes. */
  frozen<T>(scene: () => Promise<T>): Promise<T> {
    return this.story.cloud.clock.run('a scene', scene);
  }

  /** The n-th rollout as soon as it has ended and people were told. */
  async ended(count: number): Promise<RolloutRecord> {
    return until(async () => {
      // Asked often, so the small question first.
      if ((await this.registry.head()).rollout !== null) return undefined;
      const record = (await this.registry.rollouts())[count - 1];
      return record?.told ? record : undefined;
    });
  }

  async count(): Promise<number> {
    return (await this.registry.rollouts()).length;
  }

  /** What decisions say of rollouts in order: `start 2`, `end 2`. */
  async rolloutDecisions(): Promise<string[]> {
    const ends = ['PROMOTED', 'ROLLED_BACK', 'ROLLOUT_ABORTED'];
    return (await this.registry.decisions()).flatMap(({ kind, version, before }) => {
      if (kind === 'ROLLOUT_STARTED') return `start ${version}`;
      return ends.includes(kind) && before.rolloutToken !== undefined ? `end ${version}` : [];
    });
  }
}

/** Looks again until there is something: not too often, because time does not jump while anybody asks. */
export async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

function changed(template: Template, { memory, description }: { memory: number; description: string }): Template {
  const copy = structuredClone(template);
  for (const [id, { Type, Properties = {} }] of Object.entries(copy.Resources)) {
    if (Type !== 'AWS::Lambda::Function' || !id.startsWith('Prediction')) continue;
    Properties.Description = description;
    Properties.MemorySize = Number(Properties.MemorySize) + memory;
  }
  return copy;
}
