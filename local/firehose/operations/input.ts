import { Unsupported } from '../../kernel/errors.ts';
import type { Document } from '../../kernel/service.ts';

/** Refuses a parameter that would be ignored. */
export function onlyKnown(action: string, input: Document, known: readonly string[]): void {
  const other = Object.keys(input).find((name) => input[name] !== undefined && !known.includes(name));
  if (other) throw new Unsupported(`the parameter ${other} of firehose:${action}`);
}
