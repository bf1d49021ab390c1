import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Collection } from '../kernel/store.ts';
import { compilePattern, type EventMatcher, parsePattern } from './pattern.ts';
import { parseSchedule } from './schedule.ts';
import type { Target } from './target.ts';

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  /** As JSON text, as the API gives and takes it. */
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly state: RuleState;
  readonly roleArn?: string;
  readonly targets: readonly Target[];
  readonly tags: Readonly<Record<string, string>>;
  /** When a schedule was set, enabled or fired last, ms since the epoch. */
  readonly scheduledFrom: number;
}

export type RuleState = 'ENABLED' | 'DISABLED';

/** Refuses a rule that would never fire as it is meant. */
export function checkRule(rule: Rule): Rule {
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(rule.name)) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${rule.name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+`,
    );
  }
  if (rule.eventPattern === undefined && rule.scheduleExpression === undefined) {
    throw new AwsError('ValidationException', 'Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  if (rule.state !== 'ENABLED' && rule.state !== 'DISABLED') throw new Unsupported(`the rule state ${rule.state}`);
  if (rule.eventPattern !== undefined) compilePattern(parsePattern(rule.eventPattern));
  if (rule.scheduleExpression !== undefined) parseSchedule(rule.scheduleExpression);
  return rule;
}

/** The rules of a bus with their patterns compiled once. */
export class RuleBook {
  readonly #rules: Collection<Rule>;
  readonly #matchers = new Map<string, { text: string; matches: EventMatcher }>();

  constructor(rules: Collection<Rule>) {
    this.#rules = rules;
  }

  get(name: string): Rule | undefined {
    return this.#rules.get(name);
  }

  /** The rule of that name, or the error that EventBridge gives. */
  need(name: unknown): Rule {
    const rule = this.#rules.get(String(name));
    if (rule) return rule;
    throw new AwsError('ResourceNotFoundException', `Rule ${String(name)} does not exist on EventBus default.`);
  }

  all(): Rule[] {
    return [...this.#rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  put(rule: Rule): void {
    this.#rules.set(rule.name, rule);
  }

  delete(name: string): void {
    this.#rules.delete(name);
    this.#matchers.delete(name);
  }

  matching(event: unknown): Rule[] {
    return this.all().filter((rule) => rule.state === 'ENABLED' && this.#matcher(rule)?.(event));
  }

  #matcher({ name, eventPattern }: Rule): EventMatcher | undefined {
    if (eventPattern === undefined) return undefined;
    const known = this.#matchers.get(name);
    if (known?.text === eventPattern) return known.matches;
    const matches = compilePattern(parsePattern(eventPattern));
    this.#matchers.set(name, { text: eventPattern, matches });
    return matches;
  }
}
