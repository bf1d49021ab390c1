import * as z from 'zod';

/** How predictions are captured: what the prediction function writes to its log, and what stands in the data bucket then. */

/** Instances of one request that are captured at most; a batch of a thousand says little that its first hundred do not. */
export const MAX_CAPTURED = 100;

/** A log event is at most 256 KB, https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
export const MAX_LINE_BYTES = 200_000;

/** The variable `CAPTURE` of the prediction function, as JSON. */
export const captureSettings = z.object({
  /** Share of the requests that are captured, 0 to 1. */
  sample: z.number().min(0).max(1),
  /** Fields that never leave the prediction function. */
  redact: z.array(z.string()),
});
export type CaptureSettings = z.infer<typeof captureSettings>;

const capturedPrediction = z.object({
  label: z.string().optional(),
  score: z.number().optional(),
  value: z.number().optional(),
  probabilities: z.record(z.string(), z.number()).optional(),
});

const lineShape = {
  message: z.literal('capture'),
  request_id: z.string().min(1),
  model: z.string().min(1),
  /** The semantic version that answered. */
  model_version: z.string(),
  /** The number of that version in the registry. */
  version: z.int().min(1),
  /** The published version of the function that answered. */
  function_version: z.string(),
  /** Place in the request of the first instance here: a large request takes several lines. */
  first: z.int().min(0),
  instances: z.array(z.record(z.string(), z.unknown())),
  predictions: z.array(capturedPrediction),
  /** Instances of the request that no line holds; only its first line counts them. */
  left_out: z.int().min(0),
};

const onePredictionEach = ({ instances, predictions }: { instances: unknown[]; predictions: unknown[] }) =>
  instances.length === predictions.length;
const uneven = { error: 'expected one prediction per instance', path: ['predictions'] };

/** A line of the prediction function's log; the logger's own keys (`level`, `timestamp`) are not kept. */
export const captureLine = z.object(lineShape).refine(onePredictionEach, uneven);
export type CaptureLine = z.infer<typeof captureLine>;

/** A line of an object under `<model>/captures/`: the line of the log with the time of its log event. */
export const capturedLine = z.object({ ...lineShape, at: z.iso.datetime() }).refine(onePredictionEach, uneven);
export type CapturedLine = z.infer<typeof capturedLine>;

/** What a prediction is known by, and what a label is sent back with. */
export const inferenceId = (requestId: string, index: number) => `${requestId}-${index}`;

/** Whether a request belongs to the sample: by its id alone, so that a request tried again is decided alike. */
export function isSampled(requestId: string, share: number): boolean {
  return hash(requestId) < share * 2 ** 32;
}

/** FNV-1a with MurmurHash3's last mixing step, without which similar ids have similar hashes. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) state = Math.imul(state ^ text.charCodeAt(at), 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
