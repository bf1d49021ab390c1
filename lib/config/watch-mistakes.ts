import type { ModelConfig } from '../../domain/model-config.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const SHORTEST_WINDOW_MS = 5 * MINUTE_MS;
const LONGEST_WINDOW_MS = 7 * DAY_MS;

interface Mistake {
  readonly path: PropertyKey[];
  readonly message: string;
}

/** Which settings of watching and reacting contradict each other or the rest of a model. */
export function watchMistakes(model: ModelConfig): Mistake[] {
  const { monitoring, reactions, problem } = model;
  const mistakes: Mistake[] = [];
  const wrong = (path: PropertyKey[], message: string) => mistakes.push({ path, message });

  const { every, capture, drift, quality, slices } = monitoring;
  if (every < SHORTEST_WINDOW_MS || every > LONGEST_WINDOW_MS || every % MINUTE_MS !== 0) {
    wrong(['monitoring', 'every'], `got ${spell(every)}; allowed: whole minutes, from 5 minutes to 7 days`);
  }
  if (capture.keep % DAY_MS !== 0) {
    wrong(['monitoring', 'capture', 'keep'], `got ${spell(capture.keep)}; allowed: whole days`);
  } else if (capture.keep < 2 * every) {
    wrong(['monitoring', 'capture', 'keep'], `got ${spell(capture.keep)}; allowed: at least two windows`);
  }
  if (drift.falseAlarms < every) {
    const message = `got ${spell(drift.falseAlarms)}; allowed: at least one window, which is ${spell(every)}`;
    wrong(['monitoring', 'drift', 'falseAlarms'], message);
  }
  if (quality.maturity !== undefined && quality.maturity > capture.keep) {
    const message = `got ${spell(quality.maturity)}, when captures are gone after ${spell(capture.keep)}; allowed: less than monitoring.capture.keep`;
    wrong(['monitoring', 'quality', 'maturity'], message);
  }
  for (const [index, column] of slices.entries()) {
    if (column === problem.target)
      wrong(['monitoring', 'slices', index], `"${column}" is the target; allowed: features`);
    else if (capture.redact.includes(column))
      wrong(['monitoring', 'slices', index], `"${column}" is redacted; allowed: fields that are kept`);
  }

  mistakes.push(...shadowMistakes(model));

  const retraining = (['drift', 'prediction', 'quality'] as const).filter((cause) => reactions[cause] === 'retrain');
  const [cause] = retraining;
  if (cause !== undefined) {
    const needed = capture.redact.find((column) => column !== problem.id && !problem.ignore.includes(column));
    if (needed !== undefined) {
      const others = cause === 'quality' ? 'notify, rollback' : 'notify';
      const message = `got "retrain", which needs "${needed}", and monitoring.capture.redact leaves it out; allowed: ${others}`;
      wrong(['reactions', cause], message);
    }
    if (reactions.retrainsPerWeek === 0) {
      const message = `got 0, and reactions.${cause} is "retrain"; allowed: at least 1`;
      wrong(['reactions', 'retrainsPerWeek'], message);
    }
    if (capture.sample === 0) {
      const message = `got "retrain", and monitoring.capture.sample is 0: nothing is kept to train on`;
      wrong(['reactions', cause], message);
    }
  }
  return mistakes;
}

function spell(ms: number): string {
  const [size, unit] = UNITS.find(([size]) => ms >= size && ms % size === 0) ?? [1, 'ms'];
  const count = ms / size;
  return `${count} ${unit}${count === 1 || unit === 'ms' ? '' : 's'}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [DAY_MS, 'day'],
  [3_600_000, 'hour'],
  [MINUTE_MS, 'minute'],
  [1_000, 'second'],
];

/** A shadow replays what was captured: it can answer no other requests, and no hidden fields. */
function shadowMistakes({ rollout, monitoring: { capture }, problem }: ModelConfig): Mistake[] {
  if (rollout.kind !== 'shadow') return [];
  const mistakes: Mistake[] = [];
  if (rollout.sample > capture.sample) {
    const message = `got ${rollout.sample}; allowed: at most monitoring.capture.sample, which is ${capture.sample}`;
    mistakes.push({ path: ['rollout', 'sample'], message });
  }
  const hidden = capture.redact.find((column) => column !== problem.id && !problem.ignore.includes(column));
  if (hidden !== undefined) {
    const message = `got "shadow", which replays captured requests, and monitoring.capture.redact leaves "${hidden}" out; allowed: canary, linear, blue-green, all-at-once`;
    mistakes.push({ path: ['rollout', 'kind'], message });
  }
  return mistakes;
}
