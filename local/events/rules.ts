import { Unsupported } from '../kernel/errors.ts';
import type { Collection } from '../kernel/store.ts';
import type { TargetInput } from './input.ts';
import { compilePattern, type EventMatcher } from './pattern.ts';

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly busName: string;
  readonly description?: string;
  /** As JSON text, as the API gives and takes it. */
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly roleArn?: string;
  readonly targets: readonly Target[];
  readonly tags: Readonly<Record<string, string>>;
  /** When a schedule was set or fired last, ms since the epoch. */
  readonly scheduledFrom: number;
}

export interface Target extends TargetInput {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly DeadLetterConfig?: { readonly Arn: string };
  readonly RetryPolicy?: {
    readonly MaximumRetryAttempts?: number | string;
    readonly MaximumEventAgeInSeconds?: number | string;
  };
  readonly SqsParameters?: { readonly MessageGroupId: string };
}

const TARGET_FIELDS: ReadonlySet<string> = new Set([
  'Id',
  'Arn',
  'RoleArn',
  'Input',
  'InputPath',
  'InputTransformer',
  'DeadLetterConfig',
  'RetryPolicy',
  'SqsParameters',
]);

/** Refuses a target with a parameter that would be ignored. */
export function checkTarget(target: object): Target {
  const unknown = Object.keys(target).find((field) => !TARGET_FIELDS.has(field));
  if (unknown) throw new Unsupported(`the parameter ${unknown} of an EventBridge target`);
  return target as Target;
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
    const matches = compilePattern(JSON.parse(eventPattern));
    this.#matchers.set(name, { text: eventPattern, matches });
    return matches;
  }
}
