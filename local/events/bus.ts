import { randomUUID } from 'node:crypto';
import type { Timer } from '../kernel/clock.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { Deliveries } from './delivery.ts';
import { targetInput } from './input.ts';
import { countRule } from './metrics.ts';
import { type Rule, RuleBook } from './rules.ts';
import { parseSchedule } from './schedule.ts';

export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Document;
  readonly resources: readonly string[];
  /** ms since the epoch. @default now */
  readonly time?: number;
}

/** The default bus: events in, to the targets of every rule that is about them; and the rules that fire by the clock. */
export class EventBus {
  readonly context: CloudContext;
  readonly rules: RuleBook;
  readonly arn: string;
  readonly #deliveries: Deliveries;
  readonly #timers = new Map<string, Timer>();

  constructor(context: CloudContext) {
    this.context = context;
    this.arn = `arn:${context.partition}:events:${context.region}:${context.account}:event-bus/default`;
    this.rules = new RuleBook(context.store.collection('events.rules'));
    this.#deliveries = new Deliveries(context);
  }

  ruleArn(name: string): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:events:${region}:${account}:rule/${name}`;
  }

  /** Gives an event its envelope and sends it on its way; its id. */
  accept({ source, detailType, detail, resources, time }: NewEvent): string {
    const event = this.#envelope({ source, detailType, detail, resources, time: time ?? this.context.clock.now() });
    for (const rule of this.rules.matching(event)) {
      countRule(this.context, rule.name, 'MatchedEvents');
      this.#fire(rule, event);
    }
    return String(event.id);
  }

  /** Stores a rule and sets or clears its schedule. */
  put(rule: Rule): void {
    this.rules.put(rule);
    this.#arm(rule, rule.scheduledFrom);
  }

  delete(name: string): void {
    this.#disarm(name);
    this.rules.delete(name);
  }

  /** A schedule does not catch up on what it missed while the cloud was off: EventBridge is never off. */
  resume(): void {
    for (const rule of this.rules.all()) this.#arm(rule, Math.max(rule.scheduledFrom, this.context.clock.now()));
    this.#deliveries.resume();
  }

  #envelope({ source, detailType, detail, resources, time }: Required<NewEvent>): Document {
    const { account, region } = this.context;
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': detailType,
      source,
      account,
      time: isoSeconds(time),
      region,
      resources,
      detail,
    };
  }

  #fire(rule: Rule, event: Document): void {
    countRule(this.context, rule.name, 'TriggeredRules');
    const ingestionTime = isoSeconds(this.context.clock.now());
    const facts = { ruleArn: rule.arn, ruleName: rule.name, ingestionTime };
    for (const target of rule.targets) {
      const input = targetInput(target, event, facts);
      this.#deliveries.send({ ruleArn: rule.arn, ruleName: rule.name, target, input, eventId: String(event.id) });
    }
  }

  /** Schedules do not pull time: nobody waits for them. */
  #arm(rule: Rule, after: number): void {
    this.#disarm(rule.name);
    if (rule.scheduleExpression === undefined || rule.state !== 'ENABLED') return;
    const at = parseSchedule(rule.scheduleExpression)(after, rule.scheduledFrom);
    if (at === undefined) return;
    const name = `schedule ${rule.name}`;
    this.#timers.set(
      rule.name,
      this.context.clock.schedule(at, () => this.#onSchedule(rule.name, at), { background: true, name }),
    );
  }

  #disarm(name: string): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #onSchedule(name: string, at: number): void {
    const rule = this.rules.get(name);
    if (!rule) return;
    this.put({ ...rule, scheduledFrom: at });
    const kind = { source: 'aws.events', detailType: 'Scheduled Event', resources: [rule.arn] };
    this.#fire(rule, this.#envelope({ ...kind, detail: {}, time: at }));
  }
}

const isoSeconds = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
