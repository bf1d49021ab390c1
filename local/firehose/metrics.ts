import type { CloudContext } from '../kernel/service.ts';

/** https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
const UNITS = {
  IncomingRecords: 'Count',
  IncomingBytes: 'Bytes',
  IncomingPutRequests: 'Count',
  'PutRecord.Requests': 'Count',
  'PutRecord.Bytes': 'Bytes',
  'PutRecordBatch.Requests': 'Count',
  'PutRecordBatch.Bytes': 'Bytes',
  'PutRecordBatch.Records': 'Count',
  'ExecuteProcessing.Success': 'Count',
  'ExecuteProcessing.Duration': 'Milliseconds',
  'SucceedProcessing.Records': 'Count',
  'SucceedProcessing.Bytes': 'Bytes',
  'DeliveryToS3.Success': 'Count',
  'DeliveryToS3.Records': 'Count',
  'DeliveryToS3.Bytes': 'Bytes',
  'DeliveryToS3.ObjectCount': 'Count',
  'DeliveryToS3.DataFreshness': 'Seconds',
  ActivePartitionsLimitExceeded: 'Count',
} as const;

/** Values of a stream's metrics at the present time. */
export function measure(
  context: CloudContext,
  DeliveryStreamName: string,
  values: Partial<Record<keyof typeof UNITS, number>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const unit = UNITS[name as keyof typeof UNITS];
    context.putServiceMetric({ namespace: 'AWS/Firehose', name, dimensions: { DeliveryStreamName }, value, unit });
  }
}
