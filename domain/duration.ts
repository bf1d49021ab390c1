import * as z from 'zod';

/** Durations are text with a unit (`'20 ms'`, `'10 minutes'`); parsed into milliseconds. */
export const durationMs = z.union([
  z.number().positive(),
  z
    .string()
    .regex(/^\s*\d+(\.\d+)?\s*(ms|milliseconds?|s|seconds?|m|minutes?|h|hours?|d|days?)\s*$/, {
      error: "expected a duration such as '20 ms', '10 minutes' or '6 hours'",
    })
    .transform((text) => {
      const [, amount = '0', unit = 'ms'] = /([\d.]+)\s*([a-z]+)/.exec(text) ?? [];
      const factor = unit.startsWith('ms') || unit.startsWith('milli') ? 1 : UNIT_MS[unit.charAt(0)];
      return Number(amount) * (factor ?? 1);
    }),
]);
const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
