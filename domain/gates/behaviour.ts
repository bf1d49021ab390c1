import type { GoldenRow } from '../evaluation.ts';
import type { Gate } from '../model-config.ts';
import { counted, listed, plainLine, quoted, showNumber } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

/** Fewer timed predictions than this have no 95th percentile. */
const MIN_SAMPLES = 20;

/** `latency`: the 95th percentile of one prediction in the serving code. */
export function latency(gate: Extract<Gate, { gate: 'latency' }>, { evaluation }: Evidence): Verdict {
  const verdict = verdicts('latency');
  const { samples, p50, p95, p99 } = evaluation.latencyMs;
  const numbers = { limit: gate.p95, samples, p50, p95, p99 };
  if (samples < MIN_SAMPLES) {
    const sentence = `Latency was timed on ${counted(samples, 'prediction')}, ${MIN_SAMPLES} are needed; ${UNDECIDED}.`;
    return verdict('INSUFFICIENT', sentence, numbers);
  }
  const passed = p95 <= gate.p95;
  return verdict(
    passed ? 'PASS' : 'FAIL',
    `95 of 100 predictions take at most ${showMs(p95)} (median ${showMs(p50)}, ${samples} timed); ${passed ? '' : 'only '}${showMs(gate.p95)} is allowed.`,
    numbers,
  );
}

const showMs = (ms: number) => `${Number(ms.toPrecision(3))} ms`;

type GoldenGate = Extract<Gate, { gate: 'golden-rows' }>;
type Wanted = GoldenGate['rows'][number];

/**
 * `golden-rows`: rows whose answer is known. `evaluation.goldenRows` holds the answers of all such gates one after the
 * other; `first` is where this one's begin. A row that was not answered fails: nothing would show that it still holds.
 */
export function goldenRows(gate: GoldenGate, { evaluation }: Evidence, first: number): Verdict {
  const verdict = verdicts('golden-rows');
  const wrong = gate.rows.flatMap((wanted, index) => {
    const problem = mismatch(wanted, evaluation.goldenRows[first + index]);
    return problem ? [`row ${index + 1} ${problem}`] : [];
  });
  const numbers = { rows: gate.rows.length, wrong: wrong.length };
  if (wrong.length === 0) {
    return verdict('PASS', `Golden rows answered as expected: ${gate.rows.length} of ${gate.rows.length}.`, numbers);
  }
  const more = wrong.length > 3 ? ` and ${wrong.length - 3} more` : '';
  const sentence = `Golden rows not answered as expected: ${wrong.length} of ${gate.rows.length}; ${listed(wrong.slice(0, 3))}${more}.`;
  return verdict('FAIL', sentence, numbers);
}

function mismatch(wanted: Wanted, answer: GoldenRow | undefined): string | undefined {
  if (!answer) return 'was not scored';
  if (answer.error !== undefined) return `was refused (${plainLine(answer.error)})`;
  if (wanted.label !== undefined && answer.label !== wanted.label) {
    return `is ${answer.label === undefined ? 'not labelled' : quoted(answer.label)}, expected ${quoted(wanted.label)}`;
  }
  const value = answer.value ?? answer.score;
  const [min, max] = [wanted.min ?? -Infinity, wanted.max ?? Infinity];
  if (wanted.min === undefined && wanted.max === undefined) return undefined;
  if (value === undefined) return 'has no number to compare';
  if (value < min) return `is ${showNumber(value)}, expected at least ${showNumber(min)}`;
  return value > max ? `is ${showNumber(value)}, expected at most ${showNumber(max)}` : undefined;
}
