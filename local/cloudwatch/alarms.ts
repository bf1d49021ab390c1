import type { Principal } from '../iam/principal.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { type AlarmState, alarmState, COMPARISONS } from './alarm-state.ts';
import { evaluate, type Values } from './metric-math.ts';
import { isStatistic, type MetricId, type MetricStore } from './metric-store.ts';

/** A metric of an alarm with the statistic and the length of a data point in seconds. */
export interface MetricStat {
  readonly metric: MetricId;
  readonly statistic: string;
  readonly period: number;
}

export interface AlarmQuery {
  readonly id: string;
  readonly stat?: MetricStat;
  readonly expression?: string;
  readonly returnData: boolean;
}

export interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly queries: readonly AlarmQuery[];
  readonly comparison: string;
  readonly threshold: number;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm: number;
  readonly treatMissingData: string;
  readonly actionsEnabled: boolean;
  readonly actions: Readonly<Record<AlarmState, readonly string[]>>;
  readonly state: AlarmState;
  readonly reason: string;
  readonly stateChangedAt: number;
  /** As the caller gave it, for DescribeAlarms. */
  readonly definition: Document;
}

export interface AlarmHistoryItem {
  readonly alarm: string;
  readonly at: number;
  readonly type: 'StateUpdate' | 'ConfigurationUpdate' | 'Action';
  readonly summary: string;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html: evaluated every minute. */
const EVALUATE_EVERY_MS = 60_000;

/** Alarms: judged every minute over a window that slides; actions on changes of state only. */
export class Alarms {
  readonly all: Collection<Alarm>;
  readonly history: Collection<AlarmHistoryItem>;
  readonly #context: CloudContext;
  readonly #metrics: MetricStore;
  #ticking = false;

  constructor(context: CloudContext, metrics: MetricStore) {
    this.#context = context;
    this.#metrics = metrics;
    this.all = context.store.collection('monitoring.alarms');
    this.history = context.store.collection('monitoring.history');
  }

  get(name: string): Alarm {
    const alarm = this.all.get(name);
    if (!alarm) throw new AwsError('ResourceNotFound', `Alarm ${name} does not exist`, { status: 404 });
    return alarm;
  }

  put(alarm: Alarm): void {
    this.all.set(alarm.name, alarm);
    this.#record(
      alarm.name,
      'ConfigurationUpdate',
      `Alarm "${alarm.name}" ${alarm.reason === '' ? 'created' : 'updated'}`,
    );
    this.start();
  }

  /** Starts the minute's tick, where there is anything to judge. */
  start(): void {
    if (this.#ticking || this.all.size === 0) return;
    this.#ticking = true;
    const next = (Math.floor(this.#context.clock.now() / EVALUATE_EVERY_MS) + 1) * EVALUATE_EVERY_MS;
    this.#context.clock.schedule(next, () => this.#tick(next), { background: true, name: 'judge alarms' });
  }

  /** Moves an alarm to a state; on a change, acts and tells EventBridge. */
  setState(name: string, state: AlarmState, reason: string): void {
    const before = this.get(name);
    if (before.state === state) {
      this.all.set(name, { ...before, reason });
      return;
    }
    const now = this.#context.clock.now();
    const alarm = { ...before, state, reason, stateChangedAt: now };
    this.all.set(name, alarm);
    this.#record(name, 'StateUpdate', `Alarm updated from ${before.state} to ${state}`);
    this.#announce(before, alarm);
    if (!alarm.actionsEnabled) return;
    for (const action of alarm.actions[state]) this.#act(alarm, before.state, action);
  }

  #tick(at: number): void {
    this.#ticking = false;
    for (const alarm of [...this.all.values()]) {
      const points = this.#points(alarm, at);
      const { state, reason } = alarmState(points, alarm, alarm.state);
      if (state !== alarm.state || alarm.reason === '') this.setState(alarm.name, state, reason);
    }
    this.start();
  }

  /** The data points of the evaluation periods that end at `at`, oldest first. */
  #points({ queries, evaluationPeriods }: Alarm, at: number): Values {
    const series = new Map<string, Values>();
    for (const { id, stat } of queries) {
      if (!stat) continue;
      const period = stat.period * 1000;
      const windows = Array.from(
        { length: evaluationPeriods },
        (_, index) => at - (evaluationPeriods - index) * period,
      );
      series.set(
        id,
        windows.map((from) => this.#metrics.statistic(stat.metric, stat.statistic, from, from + period)),
      );
    }
    for (const { id, expression } of queries) {
      if (expression !== undefined) series.set(id, evaluate(expression, series, evaluationPeriods));
    }
    const returned = queries.find(({ returnData }) => returnData);
    return series.get(returned?.id ?? '') ?? [];
  }

  #act(alarm: Alarm, before: AlarmState, action: string): void {
    const [, , service] = action.split(':');
    const { account } = this.#context;
    const principal: Principal = {
      kind: 'service',
      service: 'cloudwatch.amazonaws.com',
      sourceArn: alarm.arn,
      sourceAccount: account,
    };
    this.#context.emit(`alarm ${alarm.name}`, async (work) => {
      try {
        if (service !== 'sns') throw new Unsupported(`alarm actions of the service "${service}"`);
        const input = {
          TopicArn: action,
          Subject: `${alarm.state}: "${alarm.name}" in ${this.#context.region}`
            .replace(/[^\x20-\x7e]/g, '?')
            .slice(0, 100),
          Message: JSON.stringify(this.#message(alarm, before)),
        };
        await this.#context.call(principal, 'sns', 'Publish', input, work);
        this.#record(alarm.name, 'Action', `Successfully executed action ${action}`);
      } catch (error) {
        this.#record(alarm.name, 'Action', `Failed to execute action ${action}: ${(error as Error).message}`);
        this.#context.log(`Alarm ${alarm.name} could not act on ${action}: ${(error as Error).message}`);
      }
    });
  }

  #message(alarm: Alarm, before: AlarmState): Document {
    const { account, region } = this.#context;
    return {
      AlarmName: alarm.name,
      AlarmDescription: alarm.description,
      AWSAccountId: account,
      NewStateValue: alarm.state,
      NewStateReason: alarm.reason,
      StateChangeTime: new Date(alarm.stateChangedAt).toISOString(),
      Region: region,
      AlarmArn: alarm.arn,
      OldStateValue: before,
      OKActions: alarm.actions.OK,
      AlarmActions: alarm.actions.ALARM,
      InsufficientDataActions: alarm.actions.INSUFFICIENT_DATA,
      Trigger: alarm.definition,
    };
  }

  /** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
  #announce(before: Alarm, alarm: Alarm): void {
    const stateOf = ({ state, reason, stateChangedAt }: Alarm) => ({
      value: state,
      reason,
      timestamp: new Date(stateChangedAt).toISOString(),
    });
    this.#context.putServiceEvent({
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm State Change',
      resources: [alarm.arn],
      detail: {
        alarmName: alarm.name,
        state: stateOf(alarm),
        previousState: stateOf(before),
        configuration: { description: alarm.description, metrics: alarm.queries },
      },
    });
  }

  #record(alarm: string, type: AlarmHistoryItem['type'], summary: string): void {
    const at = this.#context.clock.now();
    this.history.set(`${String(at).padStart(15, '0')} ${this.history.size}`, { alarm, at, type, summary });
  }
}

/** Refuses what would never be judged as it is meant. */
export function checkAlarm(alarm: Alarm): Alarm {
  if (!COMPARISONS[alarm.comparison]) throw new Unsupported(`the alarm comparison ${alarm.comparison}`);
  if (!['missing', 'ignore', 'breaching', 'notBreaching'].includes(alarm.treatMissingData)) {
    throw new AwsError('ValidationError', `Option ${alarm.treatMissingData} is not supported for TreatMissingData`);
  }
  for (const { stat, expression, id } of alarm.queries) {
    if (stat && !isStatistic(stat.statistic)) throw new Unsupported(`the statistic ${stat.statistic}`);
    if (!stat && expression === undefined)
      throw new AwsError('ValidationError', `The metric query ${id} has neither MetricStat nor Expression`);
  }
  if (alarm.queries.filter(({ returnData }) => returnData).length !== 1) {
    throw new AwsError('ValidationError', 'Exactly one element of the metrics list should return data');
  }
  return alarm;
}
