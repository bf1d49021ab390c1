import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { type Alarm, UNCHECKED } from './alarm.ts';
import { AlarmActions } from './alarm-actions.ts';
import { AlarmHistory } from './alarm-history.ts';
import { announce } from './alarm-notice.ts';
import type { AlarmState } from './alarm-state.ts';
import { AlarmWatch } from './alarm-watch.ts';
import type { MetricStore } from './metric-store.ts';

export interface NewState {
  readonly state: AlarmState;
  readonly reason: string;
  readonly reasonData?: string | undefined;
}

/** The alarms of a cloud: their states, and what happens when one changes. */
export class Alarms {
  readonly history: AlarmHistory;
  readonly #context: CloudContext;
  readonly #all: Collection<Alarm>;
  readonly #actions: AlarmActions;
  readonly #watch: AlarmWatch;

  constructor(context: CloudContext, metrics: MetricStore) {
    this.#context = context;
    this.#all = context.store.collection('monitoring.alarms');
    this.history = new AlarmHistory(context);
    this.#actions = new AlarmActions(context, this.history);
    this.#watch = new AlarmWatch(context, metrics, {
      alarms: () => this.all(),
      judged: (name, next) => this.#judged(name, next),
    });
  }

  all(): Alarm[] {
    return [...this.#all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Alarm | undefined {
    return this.#all.get(name);
  }

  get(name: string): Alarm {
    const alarm = this.#all.get(name);
    if (!alarm) throw new AwsError('ResourceNotFound', `Alarm ${name} does not exist`, { status: 404 });
    return alarm;
  }

  put(alarm: Alarm): void {
    const known = this.#all.has(alarm.name);
    this.#all.set(alarm.name, alarm);
    const summary = `Alarm "${alarm.name}" ${known ? 'updated' : 'created'}`;
    this.history.add(alarm.name, { type: 'ConfigurationUpdate', summary, data: { type: known ? 'Update' : 'Create' } });
    this.#watch.touch(alarm.name);
  }

  /** Changes what does not bear on its state. */
  amend(name: string, change: Partial<Pick<Alarm, 'actionsEnabled' | 'tags'>>): void {
    this.#all.set(name, { ...this.get(name), ...change });
  }

  delete(name: string): void {
    if (!this.#all.delete(name)) return;
    this.history.add(name, {
      type: 'ConfigurationUpdate',
      summary: `Alarm "${name}" deleted`,
      data: { type: 'Delete' },
    });
  }

  /** Sets a state by hand; the next evaluation may set it back. */
  setState(name: string, next: NewState): void {
    this.#become(this.get(name), next);
    this.#watch.touch(name);
  }

  resume(): void {
    for (const { name } of this.all()) this.#watch.touch(name);
    this.#actions.resume();
  }

  #judged(name: string, next: NewState): void {
    const alarm = this.#all.get(name);
    if (alarm && (next.state !== alarm.state || alarm.reason === UNCHECKED)) this.#become(alarm, next);
  }

  /** Acts on changes only. */
  #become(before: Alarm, { state, reason, reasonData }: NewState): void {
    const changed = state !== before.state;
    const now = this.#context.clock.now();
    const alarm = { ...before, state, reason, reasonData, stateChangedAt: changed ? now : before.stateChangedAt };
    this.#all.set(alarm.name, alarm);
    if (!changed) return;
    const stateOf = ({ state: stateValue, reason: stateReason }: Alarm) => ({ stateValue, stateReason });
    this.history.add(alarm.name, {
      type: 'StateUpdate',
      summary: `Alarm updated from ${before.state} to ${state}`,
      data: { oldState: stateOf(before), newState: stateOf(alarm) },
    });
    announce(this.#context, before, alarm);
    if (alarm.actionsEnabled) this.#actions.act(alarm, before.state);
  }
}
