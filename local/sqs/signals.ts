import type { CloudContext } from '../kernel/service.ts';

/** Tells pollers inside the cloud when a queue has something to receive, so that nobody has to ask again and again. */
export interface QueueSignals {
  /** Calls `onVisible` whenever messages of the queue may be receivable; gives back how to stop. */
  consume(queueArn: string, onVisible: () => void): () => void;
  /** Whether a poller consumes the queue: then the end of a visibility timeout is something to wait for. */
  isConsumed(queueArn: string): boolean;
  notify(queueArn: string): void;
  /** Called with a queue's ARN when somebody starts to consume it. */
  onConsumer(listener: (queueArn: string) => void): void;
}

const signals = new WeakMap<CloudContext, QueueSignals>();

/** The signals of one cloud; the same for every service in it. */
export function queueSignals(context: CloudContext): QueueSignals {
  const known = signals.get(context) ?? createSignals();
  signals.set(context, known);
  return known;
}

function createSignals(): QueueSignals {
  const consumers = new Map<string, Set<() => void>>();
  const listeners: ((queueArn: string) => void)[] = [];
  return {
    consume(queueArn, onVisible) {
      const known = consumers.get(queueArn) ?? new Set();
      consumers.set(queueArn, known.add(onVisible));
      for (const listener of listeners) listener(queueArn);
      return () => {
        known.delete(onVisible);
      };
    },
    isConsumed: (queueArn) => (consumers.get(queueArn)?.size ?? 0) > 0,
    notify(queueArn) {
      for (const onVisible of consumers.get(queueArn) ?? []) onVisible();
    },
    onConsumer: (listener) => {
      listeners.push(listener);
    },
  };
}
