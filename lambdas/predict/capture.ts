import * as z from 'zod';
import {
  type CaptureLine,
  type CaptureSettings,
  captureSettings,
  isSampled,
  MAX_CAPTURED,
  MAX_LINE_BYTES,
} from '../../domain/capture.ts';
import type { Prediction } from '../shared/serving.ts';

/** The environment variable `CAPTURE`; a function without it captures nothing. */
export const captureVariable = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'expected JSON' });
      return z.NEVER;
    }
  })
  .pipe(captureSettings)
  .optional();

/** A request that was answered, and by whom. */
export type AnsweredRequest = Pick<
  CaptureLine,
  'request_id' | 'model' | 'model_version' | 'version' | 'function_version'
> & { readonly instances: readonly unknown[]; readonly predictions: readonly Prediction[] };

/** What became of the instances of a request; the three add up to all of them. */
export interface CaptureCounts {
  readonly captured: number;
  /** Instances of a request outside of the sample. */
  readonly sampled_out: number;
  /** Instances beyond the most that one request may have captured, and those too large for a line. */
  readonly left_out: number;
}

/** The log lines that capture a request, each JSON of at most 200 KB, and what they leave out. */
export function captureLines(
  request: AnsweredRequest,
  settings: CaptureSettings,
  now: () => Date = () => new Date(),
): { lines: string[]; counts: CaptureCounts } {
  const { instances, predictions, ...head } = request;
  if (!isSampled(request.request_id, settings.sample))
    return { lines: [], counts: { captured: 0, sampled_out: instances.length, left_out: 0 } };
  const most = Math.min(instances.length, MAX_CAPTURED);
  const start = `{"level":"INFO","message":"capture","timestamp":${JSON.stringify(now())},${JSON.stringify(head).slice(1, -1)}`;
  const room = MAX_LINE_BYTES - Buffer.byteLength(start) - FRAME_BYTES;
  const redact = redactor(settings.redact);
  const groups: Group[] = [];
  let group: Group | undefined;
  for (let index = 0; index < most; index += 1) {
    const instance = JSON.stringify(redact(instances[index]));
    const prediction = JSON.stringify(predictions[index]);
    const bytes = Buffer.byteLength(instance) + Buffer.byteLength(prediction) + 2;
    if (bytes > room) {
      // Lines hold neighbours, so one that is too large ends the line.
      group = undefined;
      continue;
    }
    if (!group || group.bytes + bytes > room) {
      group = { first: index, bytes: 0, instances: [], predictions: [] };
      groups.push(group);
    }
    group.instances.push(instance);
    group.predictions.push(prediction);
    group.bytes += bytes;
  }
  const captured = groups.reduce((sum, { instances: { length } }) => sum + length, 0);
  const left_out = instances.length - captured;
  if (groups.length === 0) groups.push({ first: 0, bytes: 0, instances: [], predictions: [] });
  const lines = groups.map(
    ({ first, instances: given, predictions: answers }, place) =>
      `${start},"first":${first},"left_out":${place === 0 ? left_out : 0},"instances":[${given.join(',')}],"predictions":[${answers.join(',')}]}`,
  );
  return { lines, counts: { captured, sampled_out: 0, left_out } };
}

/**
 * Captures a request, and never costs its caller the answer. Lines do not go through the logger: its replacer looks at
 * every value once more, which for a hundred instances takes longer than the prediction.
 */
export function capture(request: AnsweredRequest, settings: CaptureSettings): CaptureCounts {
  try {
    const { lines, counts } = captureLines(request, settings);
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    return counts;
  } catch {
    // What an ignored field holds may be nested deeper than JSON can be written; the reason would quote it.
    return { captured: 0, sampled_out: 0, left_out: request.instances.length };
  }
}

interface Group {
  readonly first: number;
  bytes: number;
  readonly instances: string[];
  readonly predictions: string[];
}

/** The keys and brackets around the instances of a line. */
const FRAME_BYTES = 100;

function redactor(fields: readonly string[]): (instance: unknown) => unknown {
  if (fields.length === 0) return (instance) => instance;
  const hidden = new Set(fields);
  return (instance) => Object.fromEntries(Object.entries(instance as object).filter(([name]) => !hidden.has(name)));
}
