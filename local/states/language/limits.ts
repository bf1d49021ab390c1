export interface Limits {
  /** Milliseconds that the evaluator counts itself. */
  readonly milliseconds: number;
  /** Milliseconds after which the thread is given up: a regular expression that backtracks cannot be interrupted otherwise. */
  readonly threadMilliseconds: number;
  readonly depth: number;
  readonly arrayLength: number;
  readonly stringLength: number;
  readonly heapMegabytes: number;
}

/**
 * How much one expression may take. The service stops what goes beyond, with these words; depth and length are what was
 * measured there, the time is ours.
 */
export const LIMITS: Limits = {
  milliseconds: 3_000,
  threadMilliseconds: 5_000,
  depth: 100,
  arrayLength: 873_782,
  stringLength: 2 ** 22,
  heapMegabytes: 256,
};

export const LIMIT_MESSAGES = {
  time: 'Expression evaluation timeout: Check for infinite loop',
  depth: 'Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.',
  memory: 'Expression evaluation memory limit exceeded: Check for excessive memory usage',
} as const;
