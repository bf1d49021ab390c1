import { AwsError } from '../kernel/errors.ts';

/** Lambda's own errors. https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html */
export const lambdaError = {
  functionNotFound: (arn: string) =>
    new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, { status: 404 }),
  notFound: (message: string) => new AwsError('ResourceNotFoundException', message, { status: 404 }),
  conflict: (message: string) => new AwsError('ResourceConflictException', message, { status: 409 }),
  invalid: (message: string) => new AwsError('InvalidParameterValueException', message),
  /** A request that does not fit the API's model. */
  validation: (message: string) => new AwsError('ValidationException', message),
  precondition: () =>
    new AwsError(
      'PreconditionFailedException',
      'The RevisionId provided does not match the latest RevisionId. Call the GetFunction/GetAlias API to retrieve the latest RevisionId',
      { status: 412 },
    ),
  throttled: (reason: string) =>
    new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
      status: 429,
      details: { Reason: reason, retryAfterSeconds: '1' },
    }),
  requestTooLarge: (limit: number) =>
    new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${limit} bytes for the InvokeFunction operation`,
      {
        status: 413,
      },
    ),
  requestContent: (message: string) =>
    new AwsError('InvalidRequestContentException', `Could not parse request body into json: ${message}`),
} as const;
