import { AwsError } from '../kernel/errors.ts';

/** What a target is sent: the event, a constant, a part of it, or a template with parts of it. */
export interface TargetInput {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
}

export interface RuleFacts {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly ingestionTime: string;
}

/** The text that goes to a target. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html */
export function targetInput(target: TargetInput, event: unknown, rule: RuleFacts): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(readPath(event, target.InputPath) ?? null);
  if (!target.InputTransformer) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate } = target.InputTransformer;
  const values = new Map<string, unknown>([
    ['aws.events.rule-arn', rule.ruleArn],
    ['aws.events.rule-name', rule.ruleName],
    ['aws.events.event.ingestion-time', rule.ingestionTime],
    ['aws.events.event', event],
    ['aws.events.event.json', event],
    ...Object.entries(InputPathsMap).map(([name, path]) => [name, readPath(event, path)] as const),
  ]);
  return fill(InputTemplate, values);
}

/**
 * Within a JSON string a value's text is inserted, escaped; outside of strings its JSON. A template that is no JSON is one
 * line of text.
 */
function fill(template: string, values: ReadonlyMap<string, unknown>): string {
  let inString = false;
  return template.replace(/\\.|"|<([\w.-]+)>/gs, (found: string, name: string | undefined) => {
    if (name === undefined) {
      if (found === '"') inString = !inString;
      return found;
    }
    if (!values.has(name)) return found;
    const value = values.get(name);
    if (!inString) return value === undefined ? '' : JSON.stringify(value);
    const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    return JSON.stringify(text).slice(1, -1);
  });
}

/** `$.detail.object.key`, `$.resources[0]`, `$['detail-type']`; undefined where nothing stands. */
export function readPath(event: unknown, path: string): unknown {
  if (!path.startsWith('$')) throw invalidPath(path);
  const steps = [...path.slice(1).matchAll(/\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]/gy)];
  if (steps.reduce((length, [step]) => length + step.length, 1) !== path.length) throw invalidPath(path);
  return steps.reduce<unknown>((value, [, name, index, quoted]) => {
    if (typeof value !== 'object' || value === null) return undefined;
    return (value as Record<string, unknown>)[name ?? index ?? quoted ?? ''];
  }, event);
}

const invalidPath = (path: string) =>
  new AwsError('ValidationException', `Invalid JSON path ${path}: the local cloud reads $.a.b, $.a[0] and $['a']`);
