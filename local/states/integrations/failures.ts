import type { AwsError } from '../../kernel/errors.ts';
import { StateFailure } from '../interpreter/failure.ts';

/**
 * Optimized integrations report errors as the first generation of AWS's Java SDK does, `aws-sdk` ones as the second: the
 * prefix, the exception's name and the sentence around the message differ.
 */
interface FirstGeneration {
  readonly prefix: string;
  readonly service: string;
  /** What an error without a class of its own is called. */
  readonly base: string;
}

const FIRST: Readonly<Record<string, FirstGeneration>> = {
  lambda: { prefix: 'Lambda', service: 'AWSLambda', base: 'AWSLambdaException' },
  dynamodb: { prefix: 'DynamoDB', service: 'AmazonDynamoDBv2', base: 'AmazonDynamoDBException' },
  sqs: { prefix: 'SQS', service: 'AmazonSQS', base: 'AmazonSQSException' },
  sns: { prefix: 'SNS', service: 'AmazonSNS', base: 'AmazonSNSException' },
  events: { prefix: 'EventBridge', service: 'AmazonEventBridge', base: 'AmazonEventBridgeException' },
  states: { prefix: 'StepFunctions', service: 'AWSStepFunctions', base: 'AWSStepFunctionsException' },
  s3: { prefix: 'S3', service: 'Amazon S3', base: 'AmazonS3Exception' },
};

/** Errors that the SDKs have no class for. */
const UNMODELLED =
  /^(AccessDenied(Exception)?|ValidationException|ValidationError|MissingParameter|InvalidParameterValue|ThrottlingException|Throttling|InternalFailure|UnrecognizedClientException|SerializationException)$/;
/** Except where the service's model has it after all. */
const MODELLED_AFTER_ALL: Readonly<Record<string, readonly string[]>> = {
  states: ['ValidationException'],
};

export function optimizedFailure(service: string, error: AwsError, requestId: string): StateFailure {
  const { prefix, service: name, base } = FIRST[service] ?? { prefix: service, service, base: 'SdkClientException' };
  return new StateFailure(
    `${prefix}.${exceptionOf(service, error.code) ?? base}`,
    `${error.message} (Service: ${name}; Status Code: ${error.status}; Error Code: ${error.code}; Request ID: ${requestId}; Proxy: null)`,
  );
}

export function sdkFailure(service: string, prefix: string, error: AwsError, requestId: string): StateFailure {
  const ids = `Request ID: ${requestId}${service === 's3' ? `, Extended Request ID: ${requestId}` : ''}`;
  return new StateFailure(
    `${prefix}.${exceptionOf(service, error.code) ?? `${prefix}Exception`}`,
    `${error.message} (Service: ${prefix}, Status Code: ${error.status}, ${ids}) (SDK Attempt Count: 1)`,
  );
}

/** The class that the SDK has for a code: `NotFound` is thrown as `NotFoundException`. */
function exceptionOf(service: string, code: string): string | undefined {
  if (UNMODELLED.test(code) && !MODELLED_AFTER_ALL[service]?.includes(code)) return undefined;
  const name = code.split('.').at(-1) ?? code;
  return name.endsWith('Exception') ? name : `${name}Exception`;
}
