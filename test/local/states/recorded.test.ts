import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { AwsError } from '../../../local/kernel/errors.ts';
import { type Level, matchRecorded, matchValue, type RecordedCase } from '../../support/asl-match.ts';
import { type RecordedNeeds, recordedLambda } from '../../support/recorded-lambda.ts';
import { type Finished, ROLE, statesCloud } from '../../support/states-cloud.ts';

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

interface TestedState extends Case {
  readonly request: Readonly<Record<string, unknown>>;
  readonly input_omitted?: boolean;
  readonly expected: RecordedCase['expected'] & {
    readonly api_error?: { readonly Code: string; readonly Message: string };
    readonly inspectionData?: unknown;
    readonly nextState?: string;
  };
}

const tested = (cases as TestedState[]).filter(
  ({ kind, query_language, definition, request }) =>
    kind === 'test-state' && (query_language === 'JSONata' || testsJsonata(definition, request)),
);

describe.skipIf(cases.length === 0)('states tested by themselves on the real service', () => {
  test.each(tested)('$id', async (recorded) => {
    const cloud = statesCloud();
    try {
      const answer = await cloud
        .call('TestState', {
          definition: JSON.stringify(recorded.definition),
          roleArn: ROLE,
          ...(recorded.input_omitted ? {} : { input: JSON.stringify(recorded.input) }),
          ...recorded.request,
        })
        .catch((error: AwsError) => ({ Code: error.code, Message: error.message }));
      expect(matchValue(recorded, recorded.expected.api_error ?? told(recorded.expected), told(answer))).toEqual([]);
    } finally {
      await cloud.stop();
    }
  });
});

/** What both sides say, with JSON text parsed. */
function told(answer: object): Record<string, unknown> {
  const { output_text: _text, ...members } = answer as Record<string, unknown>;
  const { output, inspectionData, ...rest } = members;
  return {
    ...rest,
    ...(output === undefined ? {} : { output: parsedText(output) }),
    ...(inspectionData === undefined
      ? {}
      : { inspectionData: mapValues(inspectionData as Record<string, unknown>, parsedText) }),
  };
}

const parsedText = (value: unknown): unknown => (typeof value === 'string' ? JSON.parse(value) : value);
const mapValues = (record: Record<string, unknown>, change: (value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

function testsJsonata(definition: unknown, { stateName }: Readonly<Record<string, unknown>>): boolean {
  const { States } = definition as { States?: Record<string, { QueryLanguage?: string }> };
  return States?.[String(stateName)]?.QueryLanguage === 'JSONata';
}

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
