import { AwsError } from '../kernel/errors.ts';

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors */
export const snsError = {
  notFound: (what: 'Topic' | 'Subscription') => new AwsError('NotFound', `${what} does not exist`, { status: 404 }),
  invalid: (what: string) => new AwsError('InvalidParameter', `Invalid parameter: ${what}`),
  invalidValue: (message: string) => new AwsError('ParameterValueInvalid', message),
  kms: (code: string, message: string) => new AwsError(code, message),
} as const;
