import { type Attempt, Attempts } from '../kernel/attempts.ts';
import type { Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import { toDeadLetters } from './dead-letters.ts';
import { deliveryFailure } from './failure.ts';
import { countRule } from './metrics.ts';
import type { Target } from './target.ts';
import { sendToTarget } from './targets.ts';

/** One event on its way to one target. */
export interface Delivery {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly eventId: string;
  readonly target: Target;
  /** What the target is sent: the event as the rule transformed it. */
  readonly input: string;
}

/** 24 hours and 185 tries unless the target says otherwise. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
const DEFAULT_AGE_SECONDS = 86_400;
const DEFAULT_RETRIES = 185;
/** 1 s, 2 s, 4 s … 10 min: 24 hours hold about 150 tries. AWS gives no numbers; its jitter is left out so that runs repeat. */
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 600_000;

/** Brings events to targets, again and again within the target's retry policy, and to its dead-letter queue after that. */
export class Deliveries {
  readonly #context: CloudContext;
  readonly #attempts: Attempts<Delivery>;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#attempts = new Attempts(context, 'events.deliveries', {
      nameOf: ({ target }) => `event to ${target.Arn}`,
      deliver: async ({ item, id }, work) => {
        await sendToTarget(context, item, { attemptId: id, work });
        countRule(context, item.ruleName, 'Invocations');
      },
      retryAfter: (attempt, error) => {
        const now = context.clock.now();
        return deliveryFailure(error).final || exhausted(attempt, now) ? undefined : backoff(attempt);
      },
      giveUp: (attempt, error, work) => this.#giveUp(attempt, error, work),
    });
  }

  send(delivery: Delivery): void {
    this.#attempts.send(delivery);
  }

  resume(): void {
    this.#attempts.resume();
  }

  async #giveUp(attempt: Attempt<Delivery>, error: Error, work: Work): Promise<void> {
    const { ruleName, ruleArn, target } = attempt.item;
    const failure = deliveryFailure(error);
    const condition = failure.final ? undefined : exhausted(attempt, this.#context.clock.now());
    countRule(this.#context, ruleName, 'FailedInvocations');
    const lost = `An event for ${target.Arn} was not delivered: ${failure.code}: ${error.message}`;
    if (!target.DeadLetterConfig) {
      this.#context.log(`${lost}. There is no dead-letter queue: it is lost`, { rule: ruleArn });
      return;
    }
    const letter = { queueArn: target.DeadLetterConfig.Arn, code: failure.code, message: error.message, condition };
    try {
      await toDeadLetters(this.#context, attempt, { ...letter, work });
      countRule(this.#context, ruleName, 'InvocationsSentToDlq');
    } catch (cause) {
      countRule(this.#context, ruleName, 'InvocationsFailedToBeSentToDlq');
      this.#context.log(`${lost}. Nor to its dead-letter queue: ${(cause as Error).message}`, { rule: ruleArn });
    }
  }
}

/** The names that dead letters carry. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
export type RetryCondition = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';

function exhausted(attempt: Attempt<Delivery>, now: number): RetryCondition | undefined {
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = attempt.item.target.RetryPolicy ?? {};
  if (attempt.retries >= Number(MaximumRetryAttempts ?? DEFAULT_RETRIES)) return 'MaximumRetryAttempts';
  const age = now + backoff(attempt) - attempt.firstAt;
  return age > Number(MaximumEventAgeInSeconds ?? DEFAULT_AGE_SECONDS) * 1_000 ? 'MaximumEventAgeInSeconds' : undefined;
}

const backoff = ({ retries }: Attempt<Delivery>) =>
  Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(retries, 20), LONGEST_BACKOFF_MS);
