import type { Principal } from '../../iam/principal.ts';
import { requireTrust } from '../../iam/trust.ts';
import type { Work } from '../../kernel/clock.ts';
import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { CloudContext } from '../../kernel/service.ts';
import type { LogBook } from '../log-book.ts';
import { controlMessage, dataMessage, type SubscribedBatch } from './envelope.ts';
import type { SubscriptionFilter } from './filters.ts';

interface Destination {
  /** As the metrics name it. */
  readonly type: string;
  readonly needsRole: boolean;
  /** Sees whether the destination can be reached; throws when it cannot. */
  probe(context: CloudContext, principal: Principal, arn: string, work: Work): Promise<unknown>;
  send(
    context: CloudContext,
    to: { principal: Principal; arn: string; work: Work },
    batches: readonly SubscribedBatch[],
  ): Promise<void>;
  /** What PutSubscriptionFilter says when it cannot be reached. */
  readonly unreachable: string;
}

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const MOST_RECORDS = 500;
const MOST_BYTES = 4 * 1024 ** 2;

/** By the service in the destination's ARN. */
const DESTINATIONS: Readonly<Record<string, Destination>> = {
  firehose: {
    type: 'Firehose',
    needsRole: true,
    unreachable:
      'Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state.',
    probe: (context, principal, arn, work) => {
      const Record = { Data: controlMessage(context.clock.now(), 'Firehose').toString('base64') };
      return context.call(principal, 'firehose', 'PutRecord', { DeliveryStreamName: streamName(arn), Record }, work);
    },
    async send(context, { principal, arn, work }, batches) {
      const records = batches.map((batch) => dataMessage(context.account, batch));
      for (const part of parts(records)) {
        const Records = part.map((record) => ({ Data: record.toString('base64') }));
        const input = { DeliveryStreamName: streamName(arn), Records };
        const { FailedPutCount } = await context.call(principal, 'firehose', 'PutRecordBatch', input, work);
        if (Number(FailedPutCount) > 0) {
          throw new AwsError('ServiceUnavailableException', `${FailedPutCount} records were refused`, { status: 503 });
        }
      }
    },
  },
  lambda: {
    type: 'Lambda',
    needsRole: false,
    unreachable:
      'Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your function.',
    probe: (context, principal, FunctionName, work) =>
      context.call(principal, 'lambda', 'Invoke', { FunctionName, InvocationType: 'DryRun' }, work),
    async send(context, { principal, arn: FunctionName, work }, batches) {
      for (const batch of batches) {
        const data = dataMessage(context.account, batch).toString('base64');
        const Payload = JSON.stringify({ awslogs: { data } });
        await context.call(principal, 'lambda', 'Invoke', { FunctionName, InvocationType: 'Event', Payload }, work);
      }
    },
  },
};

/** Refuses a destination that CloudWatch Logs could not deliver to: wrong kind, missing role, no permission, not there. */
export async function probeDestination(book: LogBook, filter: SubscriptionFilter, work: Work): Promise<void> {
  const destination = destinationOf(filter.destinationArn);
  const vendor = serviceOf(filter.destinationArn);
  if (destination.needsRole !== (filter.roleArn !== null)) {
    const fault = destination.needsRole ? 'requires a roleArn' : 'cannot be used with roleArn';
    throw new AwsError('InvalidParameterException', `destinationArn for vendor ${vendor} ${fault}`);
  }
  try {
    await destination.probe(book.context, principalOf(book, filter), filter.destinationArn, work);
  } catch (cause) {
    if (!(cause instanceof AwsError) || cause instanceof Unsupported) throw cause;
    throw new AwsError('InvalidParameterException', `${destination.unreachable} (${cause.message})`);
  }
}

/** Hands events to where a filter sends them, as the filter's role where it has one. */
export async function deliverTo(
  book: LogBook,
  filter: SubscriptionFilter,
  batches: readonly SubscribedBatch[],
  work: Work,
): Promise<void> {
  const to = { principal: principalOf(book, filter), arn: filter.destinationArn, work };
  await destinationOf(filter.destinationArn).send(book.context, to, batches);
}

/** As the metrics of AWS/Logs name the kind of a destination. */
export const destinationType = (arn: string): string => destinationOf(arn).type;

function destinationOf(arn: string): Destination {
  const destination = DESTINATIONS[serviceOf(arn)];
  if (!destination) throw new Unsupported(`log subscriptions of the service "${serviceOf(arn)}"`);
  return destination;
}

function principalOf(book: LogBook, { group, roleArn }: SubscriptionFilter): Principal {
  const { context } = book;
  const source = { service: 'logs.amazonaws.com', sourceArn: `${book.arnOf(group)}:*` };
  if (roleArn === null) return { kind: 'service', ...source, sourceAccount: context.account };
  requireTrust(context, roleArn, source);
  return context.rolePrincipal(roleArn, 'CloudWatchLogs');
}

function* parts(records: readonly Buffer[]): Generator<Buffer[]> {
  let part: Buffer[] = [];
  let bytes = 0;
  for (const record of records) {
    if (part.length === MOST_RECORDS || (part.length > 0 && bytes + record.length > MOST_BYTES)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(record);
    bytes += record.length;
  }
  if (part.length > 0) yield part;
}

const serviceOf = (arn: string) => arn.split(':')[2] ?? '';
const streamName = (arn: string) => arn.split('/').at(-1) ?? '';
