import { randomUUID } from 'node:crypto';
import type { Timer } from '../kernel/clock.ts';
import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../kernel/service.ts';
import { Deliveries } from './delivery.ts';
import { targetInput } from './input.ts';
import { compilePattern } from './pattern.ts';
import { ruleType } from './resource.ts';
import { checkTarget, type Rule, RuleBook, type Target } from './rules.ts';
import { parseSchedule } from './schedule.ts';

/** Amazon EventBridge: the default bus, its rules, schedules and targets. What it does and does not: events.md. */
export const eventsService: ServiceFactory = (context) => {
  const bus = new EventBus(context);
  return {
    name: 'events',
    target: 'AWSEvents',
    jsonVersion: '1.1',
    operations: operations(context, bus),
    resourceTypes: [ruleType(context, bus)],
    sinks: {
      putServiceEvent: ({ source, detailType, detail, resources = [] }) =>
        bus.accept({ source, detailType, detail, resources }),
    },
    resume: async () => bus.resume(),
  };
};

export interface NewEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Document;
  readonly resources: readonly string[];
  readonly time?: number;
}

export class EventBus {
  readonly rules: RuleBook;
  readonly #context: CloudContext;
  readonly #deliveries: Deliveries;
  readonly #timers = new Map<string, Timer>();

  constructor(context: CloudContext) {
    this.#context = context;
    this.rules = new RuleBook(context.store.collection('events.rules'));
    this.#deliveries = new Deliveries(context);
  }

  /** Gives an event its envelope and sends it to the targets of every rule it matches; its id. */
  accept(event: NewEvent): string {
    const { account, region, clock } = this.#context;
    const id = randomUUID();
    const envelope = {
      version: '0',
      id,
      'detail-type': event.detailType,
      source: event.source,
      account,
      time: isoSeconds(event.time ?? clock.now()),
      region,
      resources: event.resources,
      detail: event.detail,
    };
    for (const rule of this.rules.matching(envelope)) this.#fire(rule, envelope);
    return id;
  }

  /** Stores a rule and sets or clears its schedule. */
  put(rule: Rule): void {
    if (rule.scheduleExpression !== undefined) parseSchedule(rule.scheduleExpression);
    this.rules.put(rule);
    this.#arm(rule);
  }

  delete(name: string): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
    this.rules.delete(name);
  }

  resume(): void {
    for (const rule of this.rules.all()) this.#arm(rule);
    this.#deliveries.resume();
  }

  #fire(rule: Rule, event: Document): void {
    const facts = { ruleArn: rule.arn, ruleName: rule.name, ingestionTime: String(event.time) };
    for (const target of rule.targets) this.#deliveries.send(rule, target, targetInput(target, event, facts));
  }

  /** Schedules do not pull time: nobody waits for them. */
  #arm(rule: Rule): void {
    this.#timers.get(rule.name)?.cancel();
    this.#timers.delete(rule.name);
    if (rule.scheduleExpression === undefined || rule.state !== 'ENABLED') return;
    const at = parseSchedule(rule.scheduleExpression)(rule.scheduledFrom);
    if (at === undefined) return;
    const task = () => this.#onSchedule(rule.name, at);
    this.#timers.set(
      rule.name,
      this.#context.clock.schedule(at, task, { background: true, name: `schedule ${rule.name}` }),
    );
  }

  #onSchedule(name: string, at: number): void {
    const rule = this.rules.get(name);
    if (!rule) return;
    // A cloud that was off does not catch up on what it missed, as EventBridge rules never do.
    const next = { ...rule, scheduledFrom: Math.max(at, this.#context.clock.now() - 60_000) };
    this.put(next);
    const { account, region } = this.#context;
    this.#fire(rule, {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account,
      time: isoSeconds(at),
      region,
      resources: [rule.arn],
      detail: {},
    });
  }
}

const isoSeconds = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function operations(context: CloudContext, bus: EventBus): Record<string, Operation> {
  const arnOf = (name: string) => `arn:aws:events:${context.region}:${context.account}:rule/${name}`;
  const busArn = `arn:aws:events:${context.region}:${context.account}:event-bus/default`;
  const onRule =
    (action: string, parameter = 'Name') =>
    (input: Document) => [{ action: `events:${action}`, resource: arnOf(String(input[parameter])) }];
  const known = (name: unknown): Rule => {
    const rule = bus.rules.get(String(name));
    if (!rule)
      throw new AwsError('ResourceNotFoundException', `Rule ${String(name)} does not exist on EventBus default.`);
    return rule;
  };
  const switchTo = (state: Rule['state']) => async (input: Document) => {
    bus.put({ ...known(input.Name), state });
    return {};
  };
  return {
    PutEvents: {
      access: () => [{ action: 'events:PutEvents', resource: busArn }],
      handle: async (input) => putEvents(input, bus),
    },
    PutRule: {
      access: onRule('PutRule'),
      handle: async (input) => {
        defaultBusOnly(input);
        const name = String(input.Name);
        const before = bus.rules.get(name);
        if (typeof input.EventPattern === 'string') compilePattern(parseJson(input.EventPattern));
        if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
          throw new AwsError(
            'ValidationException',
            'Parameter(s) EventPattern or ScheduleExpression must be specified.',
          );
        }
        bus.put({
          name,
          arn: arnOf(name),
          busName: 'default',
          description: input.Description as string | undefined,
          eventPattern: input.EventPattern as string | undefined,
          scheduleExpression: input.ScheduleExpression as string | undefined,
          state: (input.State as Rule['state'] | undefined) ?? 'ENABLED',
          roleArn: input.RoleArn as string | undefined,
          targets: before?.targets ?? [],
          tags: before?.tags ?? {},
          scheduledFrom: context.clock.now(),
        });
        return { RuleArn: arnOf(name) };
      },
    },
    DeleteRule: {
      access: onRule('DeleteRule'),
      handle: async (input) => {
        if ((bus.rules.get(String(input.Name))?.targets.length ?? 0) > 0) {
          throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
        }
        bus.delete(String(input.Name));
        return {};
      },
    },
    DescribeRule: { access: onRule('DescribeRule'), handle: async (input) => ruleShape(known(input.Name)) },
    ListRules: {
      access: () => [{ action: 'events:ListRules', resource: arnOf('*') }],
      handle: async (input) => {
        const prefix = String(input.NamePrefix ?? '');
        return {
          Rules: bus.rules
            .all()
            .filter(({ name }) => name.startsWith(prefix))
            .map(ruleShape),
        };
      },
    },
    EnableRule: { access: onRule('EnableRule'), handle: switchTo('ENABLED') },
    DisableRule: { access: onRule('DisableRule'), handle: switchTo('DISABLED') },
    PutTargets: {
      access: onRule('PutTargets', 'Rule'),
      handle: async (input) => {
        const rule = known(input.Rule);
        const added = (input.Targets as object[]).map(checkTarget);
        const kept = rule.targets.filter((target) => !added.some(({ Id }) => Id === target.Id));
        bus.put({ ...rule, targets: [...kept, ...added] });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    RemoveTargets: {
      access: onRule('RemoveTargets', 'Rule'),
      handle: async (input) => {
        const rule = known(input.Rule);
        const ids = input.Ids as string[];
        bus.put({ ...rule, targets: rule.targets.filter(({ Id }) => !ids.includes(Id)) });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    ListTargetsByRule: {
      access: onRule('ListTargetsByRule', 'Rule'),
      handle: async (input) => ({ Targets: known(input.Rule).targets as Target[] }),
    },
    TestEventPattern: {
      access: () => [{ action: 'events:TestEventPattern', resource: '*' }],
      handle: async (input) => ({
        Result: compilePattern(parseJson(String(input.EventPattern)))(parseJson(String(input.Event))),
      }),
    },
    DescribeEventBus: {
      access: () => [{ action: 'events:DescribeEventBus', resource: busArn }],
      handle: async (input) => {
        defaultBusOnly({ EventBusName: input.Name });
        return { Name: 'default', Arn: busArn };
      },
    },
    ListEventBuses: {
      access: () => [{ action: 'events:ListEventBuses', resource: busArn }],
      handle: async () => ({ EventBuses: [{ Name: 'default', Arn: busArn }] }),
    },
  };
}

/** Entries are judged one by one: what is wrong with one does not keep the others back. */
function putEvents(input: Document, bus: EventBus): Document {
  const entries = (input.Entries as Document[]).map((entry) => {
    const { Source, DetailType, Detail, Resources = [], EventBusName, Time } = entry;
    const missing = [
      ['Source', Source],
      ['DetailType', DetailType],
      ['Detail', Detail],
    ].find(([, value]) => !value);
    if (missing) {
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${String(missing[0])} is not valid. Reason: ${String(missing[0])} is a required argument.`,
      };
    }
    if (String(Source).startsWith('aws.')) {
      return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
    }
    defaultBusOnly({ EventBusName });
    let detail: unknown;
    try {
      detail = JSON.parse(String(Detail));
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    const time = typeof Time === 'number' ? Time * 1000 : undefined;
    const id = bus.accept({
      source: String(Source),
      detailType: String(DetailType),
      detail: detail as Document,
      resources: Resources as string[],
      ...(time === undefined ? {} : { time }),
    });
    return { EventId: id };
  });
  return { FailedEntryCount: entries.filter((entry) => 'ErrorCode' in entry).length, Entries: entries };
}

function ruleShape(rule: Rule): Document {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.busName,
  };
}

function defaultBusOnly(input: Document): void {
  const name = String(input.EventBusName ?? 'default');
  if (name !== 'default' && !name.endsWith(':event-bus/default'))
    throw new Unsupported(`event buses but the default one ("${name}")`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('InvalidEventPatternException', 'Event pattern is not valid. Reason: it is not JSON');
  }
}
