import type { Timer } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import { type Alarm, periodOf } from './alarm.ts';
import { alarmState, type Evaluation, EXTRA_POINTS, type Point } from './alarm-state.ts';
import type { NewState } from './alarms.ts';
import { type MetricId, type MetricStore, MINUTE_MS, metricKey } from './metric-store.ts';
import { type MetricStat, resolver } from './queries.ts';
import { cloudWatchTime } from './shapes.ts';

export interface Watched {
  alarms(): readonly Alarm[];
  judged(name: string, next: NewState): void;
}

/**
 * Judges alarms as CloudWatch does, at every full minute over windows that slide. A minute at which nothing can come out other than
 * before is left out: an alarm is looked at when its metrics got data, and when a point that it saw moves from one window to the
 * next. So months without data cost nothing.
 */
export class AlarmWatch {
  readonly #context: CloudContext;
  readonly #metrics: MetricStore;
  readonly #watched: Watched;
  readonly #due = new Map<string, number>();
  readonly #keys = new WeakMap<MetricId, string>();
  #timer: { readonly at: number; readonly timer: Timer } | undefined;

  constructor(context: CloudContext, metrics: MetricStore, watched: Watched) {
    this.#context = context;
    this.#metrics = metrics;
    this.#watched = watched;
    metrics.onData((metric) => this.#onData(metric));
  }

  /** Looks at an alarm at the next full minute. */
  touch(name: string): void {
    const next = (Math.floor(this.#context.clock.now() / MINUTE_MS) + 1) * MINUTE_MS;
    this.#due.set(name, Math.min(this.#due.get(name) ?? next, next));
    this.#arm();
  }

  #onData(metric: string): void {
    for (const { name, queries } of this.#watched.alarms()) {
      if (queries.some(({ stat }) => stat && this.#keyOf(stat.metric) === metric)) this.touch(name);
    }
  }

  /** Every datum of the cloud asks for the key of every alarm's metric. */
  #keyOf(metric: MetricId): string {
    const known = this.#keys.get(metric) ?? metricKey(metric);
    this.#keys.set(metric, known);
    return known;
  }

  /** Nobody waits for an alarm: it does not pull time. */
  #arm(): void {
    const at = Math.min(...this.#due.values());
    if (at === this.#timer?.at) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (at === Number.POSITIVE_INFINITY) return;
    const options = { background: true, name: 'judge alarms' };
    this.#timer = { at, timer: this.#context.clock.schedule(at, () => this.#judge(at), options) };
  }

  #judge(at: number): void {
    this.#timer = undefined;
    for (const alarm of this.#watched.alarms()) {
      if ((this.#due.get(alarm.name) ?? Number.POSITIVE_INFINITY) > at) continue;
      this.#due.delete(alarm.name);
      const evaluation = this.#evaluate(alarm, at);
      const { state, reason } = evaluation;
      this.#watched.judged(alarm.name, { state, reason, reasonData: reasonData(alarm, evaluation, at) });
      const next = this.#nextChange(alarm, at);
      if (next !== undefined) this.#due.set(alarm.name, Math.min(this.#due.get(alarm.name) ?? next, next));
    }
    for (const [name, due] of this.#due) if (due <= at) this.#due.delete(name);
    this.#arm();
  }

  #evaluate(alarm: Alarm, at: number): Evaluation {
    const period = periodOf(alarm) * 1_000;
    const count = alarm.evaluationPeriods + EXTRA_POINTS;
    const starts = Array.from({ length: count }, (_, index) => at - (count - index) * period);
    const resolve = resolver(alarm.queries, {
      length: () => count,
      values: ({ metric, statistic }: MetricStat) =>
        starts.map((from) => this.#metrics.statistic(metric, statistic, from, from + period)),
    });
    const { values } = resolve(alarm.queries.find(({ returnData }) => returnData)?.id ?? '');
    const points = starts.map((start, index): Point => ({ at: start, value: values[index] }));
    return alarmState(points, alarm, alarm.state);
  }

  /**
   * A minute's data enters the newest window when the minute is over, moves on a window with every period, and leaves the last
   * one. The next such moment after `at`, of all the data that there is.
   */
  #nextChange(alarm: Alarm, at: number): number | undefined {
    const period = periodOf(alarm) * 1_000;
    const reach = (alarm.evaluationPeriods + EXTRA_POINTS) * period;
    let next: number | undefined;
    for (const { stat } of alarm.queries) {
      if (!stat) continue;
      for (const minute of this.#metrics.timesFrom(stat.metric, at - reach)) {
        const entered = minute + MINUTE_MS;
        const moves = entered + Math.max(0, Math.floor((at - entered) / period) + 1) * period;
        if (moves <= entered + reach && moves < (next ?? Number.POSITIVE_INFINITY)) next = moves;
      }
    }
    return next;
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
function reasonData(alarm: Alarm, { points }: Evaluation, at: number): string {
  const { stat } = alarm.queries.find(({ returnData }) => returnData) ?? {};
  return JSON.stringify({
    version: '1.0',
    queryDate: cloudWatchTime(at),
    ...(points[0] ? { startDate: cloudWatchTime(points[0].at) } : {}),
    ...(stat ? { statistic: stat.statistic } : {}),
    period: periodOf(alarm),
    recentDatapoints: points.map(({ value }) => value),
    threshold: alarm.threshold,
  });
}
