import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../domain/errors.ts';
import { reactStepInput } from '../../domain/react/flow.ts';
import { retrainInput } from '../../domain/retrain.ts';
import { rolloutStepInput } from '../../domain/rollout/flow.ts';
import { lintStateMachine } from '../../lib/asl-lint.ts';
import type { Document } from '../../local/kernel/service.ts';
import { type StatesCloud, statesCloud } from '../support/states-cloud.ts';

const SOURCE = readFileSync(new URL('../../statemachines/react.asl.json', import.meta.url), 'utf8');
const FUNCTIONS = ['React', 'Retrain', 'Rollout'] as const;
type Called = 'decide' | 'record' | 'retrain' | 'putBack';

/** What each function takes: a payload that its handler would refuse fails the test. */
const INPUTS: Record<Called, { parse(value: unknown): unknown }> = {
  decide: reactStepInput,
  record: reactStepInput,
  retrain: retrainInput,
  putBack: rolloutStepInput,
};

const RETRAIN = { kind: 'RETRAIN', id: 'drift-1-r1-7', incident: 'drift-1', since: '2026-11-01T00:00:00Z' };
const ROLLBACK = { kind: 'ROLLBACK', incident: 'quality-1', from: 2, to: 1, why: 'labels show it' };
const COMPOSED = {
  status: 'COMPOSED',
  rows: 9,
  labelled: 3,
  needed: 1,
  key: 'churn/training/retrain/x.parquet',
  because: null,
};
const PUT_BACK = { status: 'DONE', why: 'version 1 serves instead of 2', key: null };

const thrown = (errorType: string) => ({ errorType, errorMessage: 'no' });

async function play(
  work: unknown[],
  answers: Partial<Record<Called, unknown>> = {},
  trigger: object = { window: 'w' },
) {
  const calls: { name: Called; payload: Record<string, unknown> }[] = [];
  const given: Record<Called, unknown> = {
    decide: { work },
    record: { told: 1 },
    retrain: COMPOSED,
    putBack: PUT_BACK,
    ...answers,
  };
  const cloud: StatesCloud = statesCloud({
    answer: async ({ input }) => {
      const payload = JSON.parse(Buffer.from(input.Payload as Uint8Array).toString('utf8')) as Record<string, unknown>;
      const name = (payload.action ?? 'retrain') as Called;
      INPUTS[name].parse(payload);
      calls.push({ name, payload });
      return invoked(given[name]);
    },
  });
  try {
    const definition = SOURCE.replaceAll(
      /\$\{(\w+)FunctionArn\}/g,
      (_, name: string) => `arn:aws:lambda:us-east-1:111111111111:function:${name}`,
    );
    const { executionArn } = await cloud.run(definition, trigger);
    await cloud.clock.advance(3_600_000);
    const { status, error } = await cloud.call('DescribeExecution', { executionArn });
    const recorded = calls.filter(({ name }) => name === 'record').map(({ payload }) => payload);
    return { status, error, called: calls.map(({ name }) => name), recorded, calls };
  } finally {
    await cloud.stop();
  }
}

const invoked = (answer: unknown): Document => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: Buffer.from(JSON.stringify(answer)),
  ...(typeof answer === 'object' && answer !== null && 'errorType' in answer ? { FunctionError: 'Unhandled' } : {}),
});

const entry = (event: string, act: unknown = null, result: unknown = null) => ({ event, act, result });

test('the definition passes the lint', () => {
  const substitutions = FUNCTIONS.map((name) => `${name}FunctionArn`);
  expect(lintStateMachine(JSON.parse(SOURCE), { substitutions, knownErrors: Object.values(ERROR_NAMES) })).toEqual([]);
});

describe('the react machine', () => {
  test('ends at once where there is nothing to do', async () => {
    expect(await play([])).toMatchObject({ status: 'SUCCEEDED', called: ['decide'] });
  });

  test('passes what woke it: a window of the monitor, or an event of EventBridge with all that is in it', async () => {
    const { calls } = await play([], {}, { window: '2026-11-23T10:00Z' });
    expect(calls[0]?.payload.trigger).toEqual({ window: '2026-11-23T10:00Z' });
    const event = { id: 'e-1', 'detail-type': 'CloudWatch Alarm State Change', detail: { state: { value: 'ALARM' } } };
    const woken = await play([], {}, event);
    expect(woken.calls[0]?.payload.trigger).toEqual(event);
  });

  test('only tells where nothing is done', async () => {
    const { called, recorded } = await play([entry('window-1')]);
    expect(called).toEqual(['decide', 'record']);
    expect(recorded).toEqual([{ action: 'record', event: 'window-1', result: null, failure: null }]);
  });

  test('has a dataset composed, and records what came of it', async () => {
    const { called, calls, recorded } = await play([entry('window-1', RETRAIN)]);
    expect(called).toEqual(['decide', 'retrain', 'record']);
    expect(calls[1]?.payload).toEqual({ incident: RETRAIN.id, since: RETRAIN.since });
    expect(recorded).toEqual([{ action: 'record', event: 'window-1', result: COMPOSED, failure: null }]);
  });

  test('has the previous champion put back by the one owner of the traffic', async () => {
    const { called, calls, recorded } = await play([entry('window-1', ROLLBACK)]);
    expect(called).toEqual(['decide', 'putBack', 'record']);
    expect(calls[1]?.payload).toEqual({
      action: 'putBack',
      from: 2,
      to: 1,
      by: 'reactions',
      why: 'labels show it',
    });
    expect(recorded[0]?.result).toEqual(PUT_BACK);
  });

  test('does one thing after the other, each with its own result', async () => {
    const done = { status: 'DONE', why: 'its data was taken in', key: null };
    const { called, recorded } = await play([entry('a', null, done), entry('b', RETRAIN), entry('c')]);
    expect(called).toEqual(['decide', 'record', 'retrain', 'record', 'record']);
    expect(recorded.map(({ event, result }) => [event, result])).toEqual([
      ['a', done],
      ['b', COMPOSED],
      ['c', null],
    ]);
  });

  test.each([
    ['retrain', RETRAIN],
    ['putBack', ROLLBACK],
  ] as const)('records a %s that fails, and goes on', async (name, act) => {
    const { status, recorded } = await play([entry('a', act), entry('b')], {
      [name]: thrown('Sluice.InvalidArtifact'),
    });
    expect(status).toBe('SUCCEEDED');
    expect(recorded).toMatchObject([
      { event: 'a', result: null, failure: { Error: 'Sluice.InvalidArtifact' } },
      { event: 'b', result: null, failure: null },
    ]);
  });

  test('fails where it cannot decide or record: an alarm counts it, and the outbox keeps what was decided', async () => {
    const undecided = await play([], { decide: thrown('Sluice.InvalidConfiguration') });
    expect(undecided).toMatchObject({ status: 'FAILED', error: 'Sluice.InvalidConfiguration' });
    const unrecorded = await play([entry('a')], { record: thrown('Sluice.DependencyUnavailable') });
    expect(unrecorded.status).toBe('FAILED');
    expect(unrecorded.called.length).toBe(10);
  });
});
