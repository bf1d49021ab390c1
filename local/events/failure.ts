import { AwsError } from '../kernel/errors.ts';

export interface DeliveryFailure {
  /** Of the codes that EventBridge writes on dead letters. */
  readonly code: string;
  /** Trying again cannot help. */
  readonly final: boolean;
}

interface Kind extends DeliveryFailure {
  readonly codes: readonly string[];
}

/**
 * What the errors of targets are to EventBridge. A missing permission and a target that is gone are not tried again.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
 */
const KINDS: readonly Kind[] = [
  {
    code: 'NO_PERMISSIONS',
    final: true,
    codes: ['AccessDenied', 'AccessDeniedException', 'AuthorizationError', 'KMSAccessDenied'],
  },
  { code: 'FAILED_TO_ASSUME_ROLE', final: true, codes: ['FailedToAssumeRole'] },
  {
    code: 'NO_RESOURCE',
    final: true,
    codes: ['ResourceNotFoundException', 'QueueDoesNotExist', 'NotFound', 'StateMachineDoesNotExist'],
  },
  { code: 'RESOURCE_ALREADY_EXISTS', final: true, codes: ['ExecutionAlreadyExists'] },
  {
    code: 'THROTTLING',
    final: false,
    codes: ['ThrottlingException', 'Throttling', 'TooManyRequestsException', 'RequestThrottled'],
  },
  // A key that is disabled or about to be deleted may be taken back into service.
  { code: 'ERROR_FROM_TARGET', final: false, codes: ['DisabledException', 'KMSInvalidStateException', 'KMSDisabled'] },
];

/** Anything else that a target refuses it will refuse again; a failure of the target itself passes. */
export function deliveryFailure(error: Error): DeliveryFailure {
  if (!(error instanceof AwsError)) return { code: 'ERROR_FROM_TARGET', final: false };
  const kind = KINDS.find(({ codes }) => codes.includes(error.code));
  if (kind) return kind;
  const refused = error.status < 500 || error.status === 501;
  return { code: refused ? 'INVALID_PARAMETER' : 'ERROR_FROM_TARGET', final: refused };
}
