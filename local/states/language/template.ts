import type { Json, JsonObject } from '../json.ts';
import { isObject } from '../json.ts';

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/** The JSONata of a string that is an expression from its first to its last character; anything else is a literal. */
export function expressionOf(value: unknown): string | undefined {
  return typeof value === 'string' ? EXPRESSION.exec(value)?.[1]?.trim() : undefined;
}

/** An expression and where it stands: `Output/result`, `Arguments/Entries[0]/Detail`. */
export interface Placed {
  readonly expression: string;
  readonly location: string;
}

/** Every expression in a field, in the order of the text. */
export function expressionsIn(template: unknown, location: string): Placed[] {
  const expression = expressionOf(template);
  if (expression !== undefined) return [{ expression, location }];
  if (Array.isArray(template)) {
    return template.flatMap((member, index) => expressionsIn(member, `${location}[${index}]`));
  }
  if (isObject(template)) {
    return Object.entries(template).flatMap(([key, member]) => expressionsIn(member, `${location}/${key}`));
  }
  return [];
}

/** The template with its expressions replaced, in order, by the values. */
export function fill(template: Json, values: Iterator<Json>): Json {
  if (expressionOf(template) !== undefined) return values.next().value as Json;
  if (Array.isArray(template)) return template.map((member) => fill(member, values));
  if (!isObject(template)) return template;
  const filled: JsonObject = {};
  for (const [key, member] of Object.entries(template)) filled[key] = fill(member, values);
  return filled;
}
