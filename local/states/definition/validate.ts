import { isObject } from '../json.ts';
import type { Diagnostic, Report } from './diagnostic.ts';
import { checkExpressions } from './expressions.ts';
import { checkGraph } from './graph.ts';
import { checkContainer } from './schema.ts';

export type MachineType = 'STANDARD' | 'EXPRESS';

/**
 * What the service says about a definition before it stores it; empty when nothing is wrong. The shape comes first, then
 * the transitions, then the expressions, each only when what it builds on is sound.
 */
export function validateDefinition(text: string, type: MachineType): Diagnostic[] {
  const definition = parseObject(text);
  if (!definition) {
    return [error('SCHEMA_VALIDATION_FAILED', 'Definition must be a valid JSON object')];
  }
  for (const check of [checkContainer, checkGraph, checkExpressions]) {
    const found: Diagnostic[] = [];
    const report: Report = (code, message, location) => found.push(error(code, message, location));
    check(definition, '', { report, type, language: languageOf(definition) });
    if (found.length > 0) return found;
  }
  return [];
}

export interface CheckContext {
  readonly report: Report;
  readonly type: MachineType;
  /** The query language of the whole machine. */
  readonly language: string;
}

export function languageOf(holder: Record<string, unknown>): string {
  return typeof holder.QueryLanguage === 'string' ? holder.QueryLanguage : 'JSONPath';
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function error(code: string, message: string, location?: string): Diagnostic {
  return { severity: 'ERROR', code, message, ...(location === undefined ? {} : { location }) };
}
