import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../local/events/pattern.ts';

const RECORDED = new URL('../../../shared/asl/eventbridge-patterns.jsonl', import.meta.url);

interface RecordedCase {
  readonly id: string;
  readonly pattern: unknown;
  readonly event: unknown;
  readonly expected: { match: boolean | null; error?: { Code: string; Message: string } };
}

describe.skipIf(!existsSync(RECORDED))(
  'event patterns recorded from the real service (skipped where the recordings are absent)',
  () => {
    const cases = existsSync(RECORDED)
      ? readFileSync(RECORDED, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as RecordedCase)
      : [];
    test.each(cases.map((recorded) => [recorded.id, recorded] as const))('%s', (_id, { pattern, event, expected }) => {
      const outcome = () => compilePattern(pattern)(event);
      if (expected.error) expect(outcome).toThrow(expected.error.Message);
      else expect(outcome()).toBe(expected.match);
    });
  },
);
