import type { Signal } from './window.ts';

/** Signals as a reader meets them. */
export const SIGNAL_WORDS: Record<Signal, string> = {
  NONE: 'As before',
  INSUFFICIENT: 'Undecided',
  SUSPECT: 'Suspect',
  ALERT_SINGLE: 'Seen once',
  ALERT: 'Confirmed',
};

/** What needs a reader's eye comes first. */
export const ATTENTION: readonly Signal[] = ['ALERT', 'ALERT_SINGLE', 'SUSPECT', 'INSUFFICIENT', 'NONE'];
