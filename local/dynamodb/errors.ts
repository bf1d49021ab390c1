import { AwsError } from '../kernel/errors.ts';

export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}

export function tableNotFound(message = 'Requested resource not found'): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}

/** A condition that did not hold; `item` is what was there, where the caller asked for it. */
export function conditionFailed(item?: unknown): AwsError {
  const details = item === undefined ? {} : { Item: item };
  return new AwsError('ConditionalCheckFailedException', 'The conditional request failed', { details });
}

/** Turns what dynalite throws or hands to its callbacks (`statusCode` and a body with `__type`) into an error of this cloud. */
export function fromDynalite(error: unknown): unknown {
  const { statusCode, body } = error as { statusCode?: number; body?: Record<string, string> };
  if (statusCode === undefined || !body) return error;
  const code = (body.__type ?? 'InternalServerError').split('#').at(-1) ?? '';
  return new AwsError(code, body.message ?? body.Message ?? '', { status: statusCode });
}
