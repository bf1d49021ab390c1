import { randomUUID } from 'node:crypto';
import type { Principal } from '../iam/principal.ts';
import { requireTrust } from '../iam/trust.ts';
import type { Work } from '../kernel/clock.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import type { Rule, Target } from './rules.ts';

/** One event on its way to one target. */
export interface Delivery {
  readonly id: string;
  readonly ruleArn: string;
  readonly target: Target;
  readonly input: string;
  readonly firstAt: number;
  readonly attempts: number;
  readonly nextAt: number;
}

/** 24 hours and 185 tries unless the target says otherwise. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
const DEFAULT_AGE_SECONDS = 86_400;
const DEFAULT_ATTEMPTS = 185;
const LONGEST_BACKOFF_MS = 600_000;
/** A target that is gone or not permitted is not tried again: the event goes to the dead-letter queue, or is lost, at once. */
const FINAL: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'AuthorizationError',
  'ResourceNotFoundException',
  'QueueDoesNotExist',
  'NotFound',
  'StateMachineDoesNotExist',
  'AWS.SimpleQueueService.NonExistentQueue',
]);

/** Brings events to targets, again and again within the target's retry policy, and to its dead-letter queue after that. */
export class Deliveries {
  readonly #context: CloudContext;
  readonly #open: Collection<Delivery>;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#open = context.store.collection('events.deliveries');
  }

  send(rule: Rule, target: Target, input: string): void {
    const now = this.#context.clock.now();
    const delivery: Delivery = {
      id: randomUUID(),
      ruleArn: rule.arn,
      target,
      input,
      firstAt: now,
      attempts: 0,
      nextAt: now,
    };
    this.#open.set(delivery.id, delivery);
    this.#attempt(delivery);
  }

  /** Takes up what was on its way when the cloud stopped. */
  resume(): void {
    for (const delivery of [...this.#open.values()]) this.#later(delivery);
  }

  #later(delivery: Delivery): void {
    this.#context.clock.schedule(delivery.nextAt, () => this.#attempt(delivery), {
      name: `retry ${delivery.target.Arn}`,
    });
  }

  #attempt(delivery: Delivery): void {
    this.#context.emit(`event to ${delivery.target.Arn}`, async (work) => {
      try {
        await deliver(this.#context, delivery, work);
        this.#open.delete(delivery.id);
      } catch (error) {
        await this.#failed(delivery, error as Error, work);
      }
    });
  }

  async #failed(delivery: Delivery, error: Error, work: Work): Promise<void> {
    if (error instanceof Unsupported) this.#context.log(error.message, { rule: delivery.ruleArn });
    const { RetryPolicy = {}, DeadLetterConfig } = delivery.target;
    const code = error instanceof AwsError ? error.code : error.name;
    const attempts = delivery.attempts + 1;
    const backoff = Math.min(1_000 * 2 ** Math.min(delivery.attempts, 10), LONGEST_BACKOFF_MS);
    const nextAt = this.#context.clock.now() + backoff;
    const tooOld =
      nextAt - delivery.firstAt > Number(RetryPolicy.MaximumEventAgeInSeconds ?? DEFAULT_AGE_SECONDS) * 1000;
    const tooOften = attempts > Number(RetryPolicy.MaximumRetryAttempts ?? DEFAULT_ATTEMPTS);
    if (!FINAL.has(code) && !(error instanceof Unsupported) && !tooOld && !tooOften) {
      const next = { ...delivery, attempts, nextAt };
      this.#open.set(next.id, next);
      this.#later(next);
      return;
    }
    this.#open.delete(delivery.id);
    const lost = `An event for ${delivery.target.Arn} was not delivered: ${code}: ${error.message}`;
    if (!DeadLetterConfig) {
      this.#context.log(`${lost}. There is no dead-letter queue: it is lost`, { rule: delivery.ruleArn });
      return;
    }
    const why =
      FINAL.has(code) || error instanceof Unsupported
        ? 'NO_PERMISSIONS'
        : tooOld
          ? 'EVENT_AGE_EXCEEDED'
          : 'RETRY_ATTEMPTS_EXHAUSTED';
    await toDeadLetters(this.#context, delivery, {
      code,
      message: error.message,
      why,
      queueArn: DeadLetterConfig.Arn,
      work,
    }).catch((cause: Error) =>
      this.#context.log(`${lost}. Nor to its dead-letter queue: ${cause.message}`, { rule: delivery.ruleArn }),
    );
  }
}

function servicePrincipal(context: CloudContext, ruleArn: string): Principal {
  return { kind: 'service', service: 'events.amazonaws.com', sourceArn: ruleArn, sourceAccount: context.account };
}

type Send = (context: CloudContext, delivery: Delivery, work: Work) => Promise<unknown>;

const SENDERS: Record<string, Send> = {
  lambda: (context, { ruleArn, target, input }, work) =>
    context.call(
      servicePrincipal(context, ruleArn),
      'lambda',
      'Invoke',
      { FunctionName: target.Arn, InvocationType: 'Event', Payload: input },
      work,
    ),
  sqs: (context, { ruleArn, target, input }, work) =>
    context.call(
      servicePrincipal(context, ruleArn),
      'sqs',
      'SendMessage',
      { QueueUrl: queueUrl(context, target.Arn), MessageBody: input, ...target.SqsParameters },
      work,
    ),
  sns: (context, { ruleArn, target, input }, work) =>
    context.call(servicePrincipal(context, ruleArn), 'sns', 'Publish', { TopicArn: target.Arn, Message: input }, work),
  states: (context, { ruleArn, target, input }, work) => {
    if (!target.RoleArn)
      throw new AwsError('AccessDenied', 'A state machine as a target needs a RoleArn', { status: 403 });
    requireTrust(context, target.RoleArn, { service: 'events.amazonaws.com', sourceArn: ruleArn });
    const principal = context.rolePrincipal(target.RoleArn, 'EventBridge');
    return context.call(principal, 'states', 'StartExecution', { stateMachineArn: target.Arn, input }, work);
  },
};

async function deliver(context: CloudContext, delivery: Delivery, work: Work): Promise<void> {
  const service = delivery.target.Arn.split(':')[2] ?? '';
  const send = SENDERS[service];
  if (!send) throw new Unsupported(`EventBridge targets of the service "${service}"`);
  await send(context, delivery, work);
}

/** `arn:aws:sqs:us-east-1:000000000000:name` -> the queue's URL in this cloud. */
const queueUrl = (context: CloudContext, arn: string) => {
  const [, , , , account, name] = arn.split(':');
  return `${context.endpoint()}/${account}/${name}`;
};

interface Undelivered {
  readonly code: string;
  readonly message: string;
  readonly why: string;
  readonly queueArn: string;
  readonly work: Work;
}

/** The attributes that EventBridge gives a dead letter. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
async function toDeadLetters(context: CloudContext, delivery: Delivery, undelivered: Undelivered): Promise<void> {
  const attributes = {
    RULE_ARN: delivery.ruleArn,
    TARGET_ARN: delivery.target.Arn,
    ERROR_CODE: undelivered.why === 'NO_PERMISSIONS' ? undelivered.code : undelivered.why,
    ERROR_MESSAGE: undelivered.message.slice(0, 1_000) || undelivered.code,
    EXHAUSTED_RETRY_CONDITION: undelivered.why,
    RETRY_ATTEMPTS: String(delivery.attempts),
  };
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  await context.call(
    servicePrincipal(context, delivery.ruleArn),
    'sqs',
    'SendMessage',
    { QueueUrl: queueUrl(context, undelivered.queueArn), MessageBody: delivery.input, MessageAttributes },
    undelivered.work,
  );
}
