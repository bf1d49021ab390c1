import { FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { FirehoseTransformationEvent, FirehoseTransformationHandler } from 'aws-lambda';
import * as z from 'zod';
import { captureSettings } from '../../domain/capture.ts';
import { DependencyUnavailable } from '../../domain/errors.ts';
import { jsonVariable, readEnvironment } from '../shared/environment.ts';
import { logger } from '../shared/observability.ts';
import { transform } from './transform.ts';

const environment = readEnvironment({ MODEL_NAME: z.string(), CAPTURE: jsonVariable(captureSettings) });

/** 1 s to connect and 10 s to answer for at most 4 MB; whatever Firehose does not take, the whole invocation is tried again. */
const firehose = new FirehoseClient({
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});

/** What a PutRecordBatch takes, https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html */
const MOST_RECORDS = 500;
const MOST_BYTES = 3_500_000;

export const handler: FirehoseTransformationHandler = async (event) => {
  const settings = { model: environment.MODEL_NAME, redact: environment.CAPTURE.redact };
  const { result, counts } = await transform(event, { putBack: (records) => putBack(event, records) }, settings);
  const level = counts.broken > 0 ? 'warn' : 'info';
  logger[level]('captures', { model: environment.MODEL_NAME, records: event.records.length, ...counts });
  return result;
};

async function putBack({ deliveryStreamArn }: FirehoseTransformationEvent, records: readonly Uint8Array[]) {
  const DeliveryStreamName = deliveryStreamArn.split('/').at(-1);
  for (const Records of batches(records)) {
    const { FailedPutCount = 0 } = await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }));
    // Firehose calls again with the same records; readers take each prediction once.
    if (FailedPutCount > 0) throw new DependencyUnavailable(`Firehose did not take back ${FailedPutCount} records`);
  }
}

function* batches(records: readonly Uint8Array[]): Generator<{ Data: Uint8Array }[]> {
  let batch: { Data: Uint8Array }[] = [];
  let bytes = 0;
  for (const Data of records) {
    if (batch.length === MOST_RECORDS || (batch.length > 0 && bytes + Data.byteLength > MOST_BYTES)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push({ Data });
    bytes += Data.byteLength;
  }
  if (batch.length > 0) yield batch;
}
