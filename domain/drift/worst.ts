import { SIGNALS, type Signal } from '../monitor/window.ts';

/** What is held against a whole: most of what is held against any part of it; nothing of parts that nobody could judge. */
export function worst(signals: readonly Signal[]): Signal {
  const judged = signals.filter((signal) => signal !== 'INSUFFICIENT');
  if (signals.length > 0 && judged.length === 0) return 'INSUFFICIENT';
  return judged.reduce<Signal>(
    (most, signal) => (SIGNALS.indexOf(signal) > SIGNALS.indexOf(most) ? signal : most),
    'NONE',
  );
}
