import { AwsError } from '../kernel/errors.ts';

/**
 * SQS answers in JSON with the names of its shapes, and in a header with the codes of its retired query protocol, which
 * clients still show.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 */
export const sqsError = {
  noQueue: () => retired('QueueDoesNotExist', 'NonExistentQueue', 'The specified queue does not exist.'),
  queueExists: (attribute: string) =>
    new AwsError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${attribute}`,
      { queryCode: 'QueueAlreadyExists' },
    ),
  missing: (parameter: string) =>
    new AwsError('MissingParameter', `The request must contain the parameter ${parameter}.`, {
      queryCode: 'MissingParameter',
    }),
  invalid: (message: string) => new AwsError('InvalidParameterValue', message, { queryCode: 'InvalidParameterValue' }),
  invalidValue: (value: unknown, parameter: string, reason: string) =>
    sqsError.invalid(`Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`),
  attributeName: (name: string) =>
    new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`, { queryCode: 'InvalidAttributeName' }),
  attributeValue: (name: string) =>
    new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`, {
      queryCode: 'InvalidAttributeValue',
    }),
  contents: () =>
    new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
      { queryCode: 'InvalidMessageContents' },
    ),
  receiptHandle: (handle: string) =>
    new AwsError('ReceiptHandleIsInvalid', `The input receipt handle "${handle}" is not a valid receipt handle.`, {
      queryCode: 'ReceiptHandleIsInvalid',
    }),
  notInFlight: () => retired('MessageNotInflight', 'MessageNotInflight', 'The message referred to is not in flight.'),
  emptyBatch: () =>
    retired('EmptyBatchRequest', 'EmptyBatchRequest', 'There should be at least one entry in the request.'),
  tooManyEntries: (count: number) =>
    retired(
      'TooManyEntriesInBatchRequest',
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are 10. You have sent ${count}.`,
    ),
  entryIdsNotDistinct: (id: string) =>
    retired('BatchEntryIdsNotDistinct', 'BatchEntryIdsNotDistinct', `Id ${id} repeated.`),
  entryId: () =>
    retired(
      'InvalidBatchEntryId',
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    ),
  batchTooLong: (limit: number, sent: number) =>
    retired(
      'BatchRequestTooLong',
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${limit} bytes. You have sent ${sent} bytes.`,
    ),
  purging: (queue: string) =>
    retired(
      'PurgeQueueInProgress',
      'PurgeQueueInProgress',
      `Only one PurgeQueue operation on ${queue} is allowed every 60 seconds.`,
    ),
  noResource: (message: string) =>
    new AwsError('ResourceNotFoundException', message, { status: 404, queryCode: 'ResourceNotFoundException' }),
} as const;

function retired(code: string, queryCode: string, message: string): AwsError {
  return new AwsError(code, message, { queryCode: `AWS.SimpleQueueService.${queryCode}` });
}
