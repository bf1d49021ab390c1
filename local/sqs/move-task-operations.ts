import { randomUUID } from 'node:crypto';
import type { Document, Operation } from '../kernel/service.ts';
import { sqsError } from './errors.ts';
import { optionalInteger, optionalText, requiredText } from './input.ts';
import type { Queue } from './queue.ts';
import { deadLetterSources } from './queue-operations.ts';
import type { Queues } from './queues.ts';

interface MoveTask {
  readonly sourceArn: string;
  readonly destinationArn?: string;
  readonly moved: number;
  readonly startedAt: number;
}

/** Redrive of dead letters. The move is made at once, so that a task is COMPLETED when it can first be seen. */
export function moveTaskOperations(queues: Queues): Record<string, Operation> {
  const tasks = queues.context.store.collection<MoveTask>('sqs.move-tasks');
  const access = (action: string) => (input: Document) =>
    queues.accessTo(byArn(queues, requiredText(input, 'SourceArn')), action);
  return {
    StartMessageMoveTask: {
      access: (input) =>
        ['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage'].flatMap((action) => access(action)(input)),
      async handle(input) {
        optionalInteger(input, 'MaxNumberOfMessagesPerSecond', { min: 1, max: 500 });
        const source = byArn(queues, requiredText(input, 'SourceArn'));
        const destinationArn = optionalText(input, 'DestinationArn');
        if (deadLetterSources(queues, source).length === 0) {
          throw sqsError.invalid('Source queue must be configured as a Dead Letter Queue.');
        }
        const destination = destinationArn === undefined ? undefined : byArn(queues, destinationArn);
        const moved = redrive(queues, source, destination);
        const handle = Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source.arn })).toString('base64');
        tasks.set(handle, { sourceArn: source.arn, destinationArn, moved, startedAt: queues.context.clock.now() });
        return { TaskHandle: handle };
      },
    },
    ListMessageMoveTasks: {
      access: access('ListMessageMoveTasks'),
      async handle(input) {
        const max = optionalInteger(input, 'MaxResults', { min: 1, max: 10 }) ?? 1;
        const source = byArn(queues, requiredText(input, 'SourceArn'));
        const own = [...tasks.values()].filter(({ sourceArn }) => sourceArn === source.arn);
        return { Results: own.reverse().slice(0, max).map(described) };
      },
    },
  };
}

/** Dead letters are sent again as new messages. Those whose source is unknown (sent by hand) stay where they are. */
function redrive(queues: Queues, source: Queue, destination: Queue | undefined): number {
  let moved = 0;
  for (const message of source.contents()) {
    const target = destination ?? queues.byArn(message.deadLetterSource ?? '');
    if (!target || message.visibleAt > queues.context.clock.now()) continue;
    const { body, attributes, traceHeader, senderId, groupId } = message;
    const deduplicationId = target.isFifo ? randomUUID() : undefined;
    target.send({ body, attributes, traceHeader, senderId, groupId, deduplicationId, delaySeconds: 0 });
    source.remove(message.id);
    moved++;
  }
  return moved;
}

function described(task: MoveTask): Document {
  return {
    Status: 'COMPLETED',
    SourceArn: task.sourceArn,
    ...(task.destinationArn ? { DestinationArn: task.destinationArn } : {}),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.moved,
    StartedTimestamp: task.startedAt,
  };
}

function byArn(queues: Queues, arn: string): Queue {
  const queue = queues.byArn(arn);
  if (!queue) throw sqsError.noResource("The resource that you specified for the SourceArn parameter doesn't exist.");
  return queue;
}
