import type { Principal } from '../iam/principal.ts';
import type { Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Failure } from './failures.ts';
import type { StreamRecord } from './streams.ts';

/** Writes a failure to the stream's log, as the role that the stream has, and tells the person who runs the cloud. */
export async function logFailure(
  context: CloudContext,
  stream: StreamRecord,
  { code, message }: Failure,
  { principal, work }: { principal: Principal; work: Work },
): Promise<void> {
  const { errorLog, bucketArn } = stream.destination;
  context.log(`Firehose ${stream.name}: ${code}: ${message}`);
  if (!errorLog) return;
  const line = {
    deliveryStreamARN: stream.arn,
    destination: bucketArn,
    deliveryStreamVersionId: stream.version,
    message,
    errorCode: code,
    ...(code.startsWith('Lambda.') ? { processor: stream.destination.processor?.functionArn } : {}),
  };
  const logEvents = [{ timestamp: context.clock.now(), message: JSON.stringify(line) }];
  const input = { logGroupName: errorLog.group, logStreamName: errorLog.stream, logEvents };
  try {
    await context.call(principal, 'logs', 'PutLogEvents', input, work);
  } catch (error) {
    context.log(`Firehose ${stream.name} cannot write its log: ${(error as Error).message}`);
  }
}
