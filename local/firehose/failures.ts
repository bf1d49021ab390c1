import { AwsError } from '../kernel/errors.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The words of Firehose for errors of a function, by the error of Lambda. https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html */
const OF_LAMBDA: Readonly<Record<string, Failure>> = {
  AccessDeniedException: {
    code: 'Lambda.InvokeAccessDenied',
    message: 'Access was denied. Ensure that the access policy allows access to the Lambda function.',
  },
  ResourceNotFoundException: {
    code: 'Lambda.ResourceNotFound',
    message: "The Lambda function doesn't exist. Use a different function that does exist.",
  },
  TooManyRequestsException: {
    code: 'Lambda.InvokeLimitExceeded',
    message: 'The Lambda concurrent execution limit was reached.',
  },
};

const OF_S3: Readonly<Record<string, Failure>> = {
  AccessDenied: {
    code: 'S3.AccessDenied',
    message:
      'Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, and the access policy allows access to the S3 bucket.',
  },
  NoSuchBucket: {
    code: 'S3.NoSuchBucket',
    message: "The specified S3 bucket doesn't exist. Create the bucket or use a different bucket that does exist.",
  },
};

export const lambdaFailure = (error: Error): Failure => failureOf(error, 'Lambda', OF_LAMBDA);
export const s3Failure = (error: Error): Failure => failureOf(error, 'S3', OF_S3);

/** How a function's own error is told. */
export function functionError(payload: string): AwsError {
  if (payload.includes('"Sandbox.Timedout"')) {
    return new AwsError('Lambda.FunctionTimedOut', 'The Lambda function timed out. Increase its timeout.');
  }
  const message = 'The Lambda function was successfully invoked but it returned an error result.';
  return new AwsError('Lambda.FunctionError', message);
}

function failureOf(error: Error, service: string, known: Readonly<Record<string, Failure>>): Failure {
  const code = error instanceof AwsError ? error.code : 'InternalError';
  if (code.startsWith(`${service}.`)) return { code, message: error.message };
  return known[code] ?? { code: `${service}.${code}`, message: error.message };
}
