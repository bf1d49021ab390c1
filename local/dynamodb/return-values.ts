import type { Document } from '../kernel/service.ts';
import { validationError } from './errors.ts';

/** Takes the parameter out that dynalite does not know. */
export function separateReturn(input: Document): { rest: Document; returnValues: unknown } {
  const { ReturnValuesOnConditionCheckFailure: returnValues, ...rest } = input;
  return { rest, returnValues };
}

/** Whether a failed condition shows the item that failed it. */
export function returnsItem(value: unknown): boolean {
  if (value === undefined || value === 'NONE') return false;
  if (value === 'ALL_OLD') return true;
  throw validationError(
    `1 validation error detected: Value '${value}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
  );
}
