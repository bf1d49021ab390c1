import type { ServiceFactory } from '../kernel/cloud.ts';
import { batchOperations } from './batch-operations.ts';
import { messageOperations } from './message-operations.ts';
import { moveTaskOperations } from './move-task-operations.ts';
import { queueOperations } from './queue-operations.ts';
import { Queues } from './queues.ts';
import { queuePolicyType, queueType } from './resource-types.ts';

/** SQS. What it does and leaves out is in sqs.md. */
export const sqsService: ServiceFactory = (context) => {
  const queues = new Queues(context);
  return {
    name: 'sqs',
    target: 'AmazonSQS',
    accessDeniedCode: 'AccessDenied',
    operations: {
      ...queueOperations(queues),
      ...messageOperations(queues),
      ...batchOperations(queues),
      ...moveTaskOperations(queues),
    },
    resourceTypes: [queueType(queues), queuePolicyType(queues)],
    async resume() {
      for (const queue of queues.all()) {
        queue.arm();
        if (!queue.isEmpty) queues.metrics.changed(queue);
      }
    },
  };
};
