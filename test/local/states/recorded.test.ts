import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type Level, matchRecorded, type RecordedCase } from '../../support/asl-match.ts';
import { type RecordedNeeds, recordedLambda } from '../../support/recorded-lambda.ts';
import { type Finished, statesCloud } from '../../support/states-cloud.ts';

/**
 * Executions recorded on the real service. They are third-party data that lies beside the repository where it is
 * developed; elsewhere the project's own cases (cases.test.ts) stand alone.
 */
const CORPUS = new URL('../../../../shared/asl/recorded.jsonl', import.meta.url);

interface Case extends RecordedCase {
  readonly kind: string;
  readonly query_language: string;
  readonly level: string;
  readonly definition: unknown;
  readonly input: unknown;
  readonly needs: RecordedCase['needs'] & RecordedNeeds;
}

const GATE: Level = 3;

const cases: Case[] = existsSync(CORPUS)
  ? readFileSync(CORPUS, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Case)
  : [];
const inScope = cases.filter(
  ({ kind, query_language, level }) =>
    kind === 'execution' && (level === 'pure' || level === 'lambda') && query_language === 'JSONata',
);
/** Machines of which every state is JSONata although the machine does not say so. */
const mixed = cases.filter(
  ({ kind, query_language, level, definition }) =>
    kind === 'execution' &&
    (level === 'pure' || level === 'lambda') &&
    query_language === 'mixed' &&
    everyStateIsJsonata(definition),
);

describe.skipIf(cases.length === 0)(
  'executions recorded on the real service (skipped where the recordings are absent)',
  () => {
    const conforming: Record<string, boolean> = {};

    test.each([...inScope, ...mixed])('$id', async (recorded) => {
      const { actual, stop } = await play(recorded);
      try {
        expect(matchRecorded(recorded, actual, GATE)).toEqual([]);
        conforming[recorded.id] = matchRecorded(recorded, actual, 4).length === 0;
      } finally {
        await stop();
      }
    });

    afterAll(() => {
      const exact = Object.values(conforming).filter(Boolean).length;
      console.info(
        `recorded executions: ${Object.keys(conforming).length} conform at level ${GATE}, ${exact} in every detail`,
      );
      for (const [id, whole] of Object.entries(conforming)) if (!whole) console.info(`  details differ: ${id}`);
    });
  },
);

async function play(recorded: Case): Promise<{ actual: Finished; stop: () => Promise<void> }> {
  const cloud = statesCloud({ answer: recordedLambda(recorded.needs) });
  const actual = await cloud.run(recorded.definition, recorded.input);
  return { actual, stop: () => cloud.stop() };
}

function everyStateIsJsonata(definition: unknown, inherited = 'JSONPath'): boolean {
  const { QueryLanguage = inherited, States = {} } = definition as {
    QueryLanguage?: string;
    States?: Record<string, unknown>;
  };
  return Object.values(
    States as Record<string, { QueryLanguage?: string; ItemProcessor?: unknown; Branches?: unknown[] }>,
  ).every(
    (state) =>
      (state.QueryLanguage ?? QueryLanguage) === 'JSONata' &&
      [state.ItemProcessor, ...(state.Branches ?? [])].every(
        (inner) => !inner || everyStateIsJsonata(inner, QueryLanguage),
      ),
  );
}
