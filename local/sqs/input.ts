import type { Document } from '../kernel/service.ts';
import { sqsError } from './errors.ts';

/** A text that the caller must send. */
export function requiredText(input: Document, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') throw sqsError.missing(name);
  return value;
}

export function optionalText(input: Document, name: string): string | undefined {
  const value = input[name];
  return value === undefined || value === null ? undefined : String(value);
}

/** A whole number within its limits, or nothing. */
export function optionalInteger(
  input: Document,
  name: string,
  limits: { min: number; max: number },
): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < limits.min || number > limits.max) {
    throw sqsError.invalidValue(value, name, `Must be between ${limits.min} and ${limits.max}, if provided.`);
  }
  return number;
}

export function textList(input: Document, name: string): string[] {
  const value = input[name];
  return Array.isArray(value) ? value.map(String) : [];
}

export function textMap(input: Document, name: string): Record<string, string> {
  const entries = Object.entries((input[name] ?? {}) as Document);
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}
