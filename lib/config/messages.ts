import * as z from 'zod';
import { type SluiceConfig, sluiceSchema } from './schema.ts';
import { UNSUPPORTED, type UnsupportedName, unsupportedMessage } from './unsupported.ts';

/** A configuration that cannot be used; the message lists every mistake. */
export class ConfigError extends Error {
  override get name() {
    return 'ConfigError' as const;
  }
}

/** Checks the default export of a configuration file; `source` is how messages call the file. */
export function parseSluice(value: unknown, source: string): SluiceConfig {
  const result = sluiceSchema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const lines = result.error.issues.flatMap((issue) => describe(issue, value));
  const count = lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`;
  throw new ConfigError(`${source} has ${count}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, value: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(issue.path, value);
    return issue.keys.map((key) => `${formatPath([...issue.path, key])}: ${unknownKey(key, allowed)}`);
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const inner = issue.errors.map((errors) => errors.map((error) => expectation(error, value)).join('; '));
    return [`${formatPath(issue.path)}: ${got(valueAt(value, issue.path))}; ${inner.join(', or ')}`];
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(
      (inner) => `${formatPath(issue.path)}: the name "${String(issue.path.at(-1))}" will not do; ${inner.message}`,
    );
  }
  return [`${formatPath(issue.path)}: ${explain(issue, value)}`];
}

function explain(issue: Issue, value: unknown): string {
  const actual = valueAt(value, issue.path);
  if (issue.code === 'custom') return issue.message;
  if (actual === undefined) return `missing; ${expectation(issue, value)}`;
  return `${got(actual)}; ${expectation(issue, value)}${typeof actual === 'string' ? suggestion(actual, choices(issue, value)) : ''}`;
}

function expectation(issue: Issue, value: unknown): string {
  const allowed = choices(issue, value);
  if (allowed.length > 0) return `allowed: ${allowed.join(', ')}`;
  if (issue.code === 'invalid_type') return `expected ${EXPECTED[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small')
    return `allowed: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${unit(issue.origin)}`;
  if (issue.code === 'too_big')
    return `allowed: ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${unit(issue.origin)}`;
  return issue.code === 'invalid_format' && issue.format === 'email' ? 'expected an e-mail address' : issue.message;
}

const EXPECTED: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  object: 'an object { … }',
  record: 'an object { … }',
  array: 'a list [ … ]',
  boolean: 'true or false',
};

const unit = (origin: string) => (origin === 'array' ? ' entries' : origin === 'string' ? ' characters' : '');

/** The values to choose from, where the schema has such a list. */
function choices(issue: Issue, value: unknown): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  const key = String(issue.path.at(-1));
  return variants(schemaAt(issue.path.slice(0, -1), value)).flatMap((variant) => {
    const literal = variant.properties?.[key]?.const;
    return literal === undefined ? [] : [String(literal)];
  });
}

function unknownKey(key: string, allowed: string[]): string {
  if (key in UNSUPPORTED) return unsupportedMessage(key as UnsupportedName);
  return `unknown key; allowed: ${allowed.join(', ')}${suggestion(key, allowed)}`;
}

const got = (value: unknown) => `got ${JSON.stringify(value)}`;

function suggestion(wrong: string, allowed: string[]): string {
  const near = allowed
    .map((word) => ({ word, distance: editDistance(wrong.toLowerCase(), word.toLowerCase()) }))
    .filter(({ word, distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0];
  return near ? ` (did you mean "${near.word}"?)` : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `models.churn.gates[0].metric`. */
function formatPath(path: readonly PropertyKey[]): string {
  const text = path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${key}]`;
    return before === '' ? String(key) : `${before}.${String(key)}`;
  }, '');
  return text === '' ? 'the default export' : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  const?: unknown;
}

const variants = (schema: JsonSchema | undefined): JsonSchema[] =>
  schema?.oneOf ?? schema?.anyOf ?? (schema ? [schema] : []);

/** The part of the schema that stands at a path; of a union, the variant whose literals fit the value. */
function schemaAt(path: readonly PropertyKey[], value: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = z.toJSONSchema(sluiceSchema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as JsonSchema;
  let inner = value;
  for (const key of path) {
    schema = fitting(schema, inner);
    const property = schema?.properties?.[String(key)];
    const additional = schema?.additionalProperties;
    schema = property ?? schema?.items ?? (typeof additional === 'object' ? additional : undefined);
    inner = (inner as Record<PropertyKey, unknown> | undefined)?.[key];
  }
  return schema;
}

function fitting(schema: JsonSchema | undefined, value: unknown): JsonSchema | undefined {
  return variants(schema).find((variant) =>
    Object.entries(variant.properties ?? {}).every(
      ([key, { const: literal }]) =>
        literal === undefined || literal === (value as Record<string, unknown> | undefined)?.[key],
    ),
  );
}

const allowedKeys = (path: readonly PropertyKey[], value: unknown): string[] =>
  Object.keys(fitting(schemaAt(path, value), valueAt(value, path))?.properties ?? {});
