import type { ServiceFactory } from '../kernel/cloud.ts';
import { putOperations } from './operations/put-operations.ts';
import { streamOperations } from './operations/stream-operations.ts';
import { Pipeline } from './pipeline.ts';
import { deliveryStreamType } from './resource.ts';
import { StreamBook } from './streams.ts';

/** Amazon Data Firehose: records that are put, transformed by a function and written to S3. See firehose.md. */
export const firehoseService: ServiceFactory = (context) => {
  const book = new StreamBook(context);
  const pipeline = new Pipeline(book);
  return {
    name: 'firehose',
    target: 'Firehose_20150804',
    jsonVersion: '1.1',
    operations: { ...streamOperations(book, pipeline), ...putOperations(book, pipeline) },
    resourceTypes: [deliveryStreamType(book, pipeline)],
    resume: async () => pipeline.resume(),
    stop: async () => pipeline.stop(),
  };
};
