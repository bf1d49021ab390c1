import { AwsError } from '../kernel/errors.ts';

/** What a target is sent: the event, a constant, a part of it, or a template with parts of it. */
export interface TargetInput {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: InputTransformer;
}

export interface InputTransformer {
  readonly InputPathsMap?: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
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
  const { detail: _detail, ...envelope } = event as Record<string, unknown>;
  const values = new Map<string, unknown>([
    ['aws.events.rule-arn', rule.ruleArn],
    ['aws.events.rule-name', rule.ruleName],
    ['aws.events.event.ingestion-time', rule.ingestionTime],
    ['aws.events.event', envelope],
    ['aws.events.event.json', event],
    ...Object.entries(InputPathsMap).map(([name, path]) => [name, readPath(event, path)] as const),
  ]);
  return minified(fill(InputTemplate, (name) => (values.has(name) ? { value: values.get(name) } : undefined)));
}

/** Whether a template gives JSON, or lines of quoted text, whatever its values are; throws for a path that cannot be read. */
export function checkTemplate({ InputPathsMap = {}, InputTemplate }: InputTransformer): boolean {
  for (const path of Object.values(InputPathsMap)) readPath({}, path);
  const known = (name: string) => name in InputPathsMap || name.startsWith('aws.events.');
  const filled = fill(InputTemplate, (name) => (known(name) ? { value: '' } : undefined));
  return parsed(filled) !== undefined || lines(filled).every((line) => typeof parsed(line)?.value === 'string');
}

/** Within a JSON string a value's text is inserted, escaped; outside of strings its JSON. What is absent is an empty text. */
function fill(template: string, lookUp: (name: string) => { value: unknown } | undefined): string {
  let inString = false;
  return template.replace(/\\.|"|<([\w.-]+)>/gs, (found: string, name: string | undefined) => {
    if (name === undefined) {
      if (found === '"') inString = !inString;
      return found;
    }
    const known = lookUp(name);
    if (!known) return found;
    const { value = '' } = known;
    if (!inString) return JSON.stringify(value);
    return JSON.stringify(typeof value === 'string' ? value : JSON.stringify(value)).slice(1, -1);
  });
}

/** JSON goes out without the template's white space, several lines of text stay what they are. */
function minified(text: string): string {
  const json = parsed(text);
  return json ? JSON.stringify(json.value) : lines(text).join('\n');
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** `$.detail.object.key`, `$.resources[0]`, `$.detail.parts[*].key`, `$['detail-type']`; undefined where nothing stands. */
export function readPath(event: unknown, path: string): unknown {
  if (!path.startsWith('$')) throw invalidPath(path);
  const steps = [...path.slice(1).matchAll(/\.([\w/-]+)|\[(\d+)\]|\['([^']+)'\]|\[(\*)\]/gy)];
  if (steps.reduce((length, [step]) => length + step.length, 1) !== path.length) throw invalidPath(path);
  const names = steps.map(([, name, index, quoted, all]) => name ?? index ?? quoted ?? (all as '*'));
  return follow(event, names);
}

function follow(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value;
  if (name === '*' && Array.isArray(value)) {
    return value.map((item) => follow(item, rest)).filter((item) => item !== undefined);
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return follow((value as Record<string, unknown>)[name], rest);
}

const invalidPath = (path: string) =>
  new AwsError(
    'ValidationException',
    `Invalid JSON path ${path}: the local cloud reads $.a.b, $.a[0], $.a[*] and $['a']`,
  );
