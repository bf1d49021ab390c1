import type { Collection, Store } from '../kernel/store.ts';

/** A mail that SNS would have sent. */
export interface Mail {
  readonly at: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly topicArn: string;
  readonly messageId: string;
}

export interface Outbox {
  /** Oldest first. */
  mails(): Mail[];
  put(mail: Mail): void;
}

const KEPT = 200;

/** The last mails of a cloud: nothing leaves the machine, a person looks at them here. */
export function outboxOf(store: Store): Outbox {
  const kept: Collection<Mail> = store.collection('sns.mail');
  const keys = () => [...kept.keys()].sort();
  return {
    mails: () => keys().flatMap((key) => kept.get(key) ?? []),
    put(mail) {
      const last = Number(keys().at(-1) ?? 0);
      kept.set(String(last + 1).padStart(12, '0'), mail);
      for (const key of keys().slice(0, -KEPT)) kept.delete(key);
    },
  };
}
