import { Unsupported } from '../kernel/errors.ts';
import type { Call, Document, Operation } from '../kernel/service.ts';
import { sqsError } from './errors.ts';
import { optionalInteger, optionalText, requiredText, textList } from './input.ts';
import { attributesMd5, checkBody, type MessageRecord, md5, messageAttributes, sizeOf } from './message.ts';
import type { Outgoing, Queue } from './queue.ts';
import type { Queues } from './queues.ts';
import { receivedMessage } from './received-message.ts';

const MAX_VISIBILITY_SECONDS = 43_200;

export function messageOperations(queues: Queues): Record<string, Operation> {
  return {
    SendMessage: {
      access: queues.access('SendMessage'),
      async handle(input, call) {
        const queue = queues.byUrl(input.QueueUrl);
        return send(queues, queue, outgoing(queue, input, call));
      },
    },
    ReceiveMessage: {
      access: queues.access('ReceiveMessage'),
      handle: (input, call) => receive(queues, queues.byUrl(input.QueueUrl), input, call),
    },
    DeleteMessage: {
      access: queues.access('DeleteMessage'),
      async handle(input) {
        settle(queues, queues.byUrl(input.QueueUrl), input);
        return {};
      },
    },
    ChangeMessageVisibility: {
      access: queues.access('ChangeMessageVisibility'),
      async handle(input) {
        changeVisibility(queues.byUrl(input.QueueUrl), input);
        return {};
      },
    },
  };
}

/** Checks one message that a caller wants to send, alone or in a batch. */
export function outgoing(queue: Queue, input: Document, call: Call): Outgoing {
  const body = requiredText(input, 'MessageBody');
  checkBody(body);
  const attributes = messageAttributes(input.MessageAttributes);
  const limit = Number(queue.record.attributes.MaximumMessageSize);
  if (sizeOf(body, attributes) > limit) {
    throw sqsError.invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`);
  }
  const delaySeconds = optionalInteger(input, 'DelaySeconds', { min: 0, max: 900 });
  if (queue.isFifo && delaySeconds !== undefined && delaySeconds > 0) {
    throw sqsError.invalidValue(
      delaySeconds,
      'DelaySeconds',
      'The request include parameter that is not valid for this queue type.',
    );
  }
  const system = messageAttributes(input.MessageSystemAttributes) ?? {};
  const [unknown] = Object.keys(system).filter((name) => name !== 'AWSTraceHeader');
  if (unknown) throw sqsError.invalid(`Message system attribute name '${unknown}' is invalid.`);
  const deduplicationId = optionalText(input, 'MessageDeduplicationId');
  if (!queue.isFifo && deduplicationId !== undefined) {
    throw sqsError.invalid('The request include parameter that is not valid for this queue type.');
  }
  return {
    body,
    attributes,
    delaySeconds,
    deduplicationId,
    traceHeader: system.AWSTraceHeader?.StringValue,
    groupId: optionalText(input, 'MessageGroupId'),
    senderId: senderOf(call),
  };
}

export function send(queues: Queues, queue: Queue, message: Outgoing): Document {
  const sent = queue.send(message);
  queues.metrics.sent(queue, sizeOf(sent.body, sent.attributes));
  return {
    MessageId: sent.id,
    MD5OfMessageBody: md5(sent.body),
    ...(sent.attributes ? { MD5OfMessageAttributes: attributesMd5(sent.attributes) } : {}),
    ...(sent.traceHeader
      ? {
          MD5OfMessageSystemAttributes: attributesMd5({
            AWSTraceHeader: { DataType: 'String', StringValue: sent.traceHeader },
          }),
        }
      : {}),
    ...(sent.sequenceNumber ? { SequenceNumber: sent.sequenceNumber } : {}),
  };
}

export function settle(queues: Queues, queue: Queue, input: Document): void {
  if (queue.settle(requiredText(input, 'ReceiptHandle'))) queues.metrics.count(queue, 'NumberOfMessagesDeleted');
}

export function changeVisibility(queue: Queue, input: Document): void {
  const seconds = optionalInteger(input, 'VisibilityTimeout', { min: 0, max: MAX_VISIBILITY_SECONDS });
  if (seconds === undefined) throw sqsError.missing('VisibilityTimeout');
  queue.changeVisibility(requiredText(input, 'ReceiptHandle'), seconds);
}

async function receive(queues: Queues, queue: Queue, input: Document, call: Call): Promise<Document> {
  if (input.ReceiveRequestAttemptId !== undefined) {
    throw new Unsupported('the parameter ReceiveRequestAttemptId of sqs:ReceiveMessage');
  }
  const { attributes } = queue.record;
  const max = optionalInteger(input, 'MaxNumberOfMessages', { min: 1, max: 10 }) ?? 1;
  const visibility =
    optionalInteger(input, 'VisibilityTimeout', { min: 0, max: MAX_VISIBILITY_SECONDS }) ??
    Number(attributes.VisibilityTimeout);
  const wait =
    optionalInteger(input, 'WaitTimeSeconds', { min: 0, max: 20 }) ?? Number(attributes.ReceiveMessageWaitTimeSeconds);
  const messages = await poll(queues, queue, call, { max, visibility, wait });
  if (messages.length === 0) {
    queues.metrics.count(queue, 'NumberOfEmptyReceives');
    return {};
  }
  queues.metrics.count(queue, 'NumberOfMessagesReceived', messages.length);
  const wanted = {
    system: [...textList(input, 'AttributeNames'), ...textList(input, 'MessageSystemAttributeNames')],
    attributes: textList(input, 'MessageAttributeNames'),
  };
  return { Messages: messages.map((message) => receivedMessage(message, queue.handleOf(message), wanted)) };
}

/** Waits up to `wait` seconds for a first message; while it waits, time may pass. */
async function poll(
  queues: Queues,
  queue: Queue,
  call: Call,
  { max, visibility, wait }: { max: number; visibility: number; wait: number },
): Promise<MessageRecord[]> {
  const { clock } = queues.context;
  const deadline = clock.now() + wait * 1000;
  for (;;) {
    const messages = queue.receive(max, visibility);
    const left = deadline - clock.now();
    if (messages.length > 0 || left <= 0) return messages;
    const arrived = new AbortController();
    const givenUp = new AbortController();
    void queue.nextVisible(givenUp.signal).then(() => arrived.abort());
    await call.work
      .sleep(left, { signal: arrived.signal, name: `sqs: long poll of ${queue.name}` })
      .catch(() => undefined);
    givenUp.abort();
  }
}

function senderOf({ principal }: Call): string {
  if (principal.kind === 'cloud') return 'cloud';
  return principal.kind === 'service'
    ? principal.service
    : principal.arn.split('/').slice(1).join(':') || principal.arn;
}
