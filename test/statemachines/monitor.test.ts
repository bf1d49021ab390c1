import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../domain/errors.ts';
import { collectOutput, compareOutput, monitorStepInput, type WorkItem } from '../../domain/monitor/flow.ts';
import { reactTrigger } from '../../domain/react/flow.ts';
import { lintStateMachine } from '../../lib/asl-lint.ts';
import type { Document } from '../../local/kernel/service.ts';
import { ROLE, statesCloud } from '../support/states-cloud.ts';

const SOURCE = readFileSync(new URL('../../statemachines/monitor.asl.json', import.meta.url), 'utf8');
const WINDOW = '2026-11-23T10:00Z';

const item = (number: number): WorkItem => ({
  id: `1-profile-000001-0000${number}`,
  version: 1,
  objects: [{ key: `churn/captures/version=000001/hour=2026-11-23T10/${number}.gz`, bytes: 10 }],
  cohort: null,
});

type Action = 'collect' | 'profile' | 'compare' | 'fail';
const WELL: Record<Action, unknown> = {
  collect: collectOutput.parse({
    status: 'WORK',
    window: WINDOW,
    objects: { bucket: 'artifacts', key: 'churn/windows/w/objects.json' },
  }),
  profile: { rows: 7 },
  compare: compareOutput.parse({ status: 'OK', wake: true, name: '2026-11-23T10-00Z' }),
  fail: { window: WINDOW },
};

interface Thrown {
  readonly errorType: string;
  readonly errorMessage: string;
}
const thrown = (errorType: string, errorMessage = 'no'): Thrown => ({ errorType, errorMessage });
const isThrown = (answer: unknown): answer is Thrown =>
  typeof answer === 'object' && answer !== null && 'errorType' in answer;

/** Runs the machine; a function among the answers is given the payload and how often its step was called before. */
async function play(
  options: { answers?: Partial<Record<Action, unknown>>; items?: readonly WorkItem[]; times?: number } = {},
) {
  const called: Action[] = [];
  const payloads: Record<string, unknown>[] = [];
  const woken: unknown[] = [];
  const cloud = statesCloud({
    answer: ({ service, input }) => {
      if (service === 's3') return { Body: Buffer.from(JSON.stringify(options.items ?? [item(1), item(2)])) };
      const payload = JSON.parse(Buffer.from(input.Payload as Uint8Array).toString('utf8'));
      if (String(input.FunctionName).endsWith(':React')) {
        woken.push(reactTrigger.parse(payload));
        return invoked({});
      }
      const { action } = monitorStepInput.parse(payload);
      const before = called.filter((name) => name === action).length;
      called.push(action);
      payloads.push(payload);
      const given = { ...WELL, ...options.answers }[action];
      return invoked(typeof given === 'function' ? given(payload, before) : given);
    },
  });
  try {
    const { stateMachineArn } = await cloud.call('CreateStateMachine', {
      name: 'react',
      definition: JSON.stringify(REACT),
      roleArn: ROLE,
    });
    const definition = SOURCE.replaceAll('${MonitorFunctionArn}', functionArn('Monitor')).replaceAll(
      '${ReactMachineArn}',
      String(stateMachineArn),
    );
    let finished = await cloud.run(definition, { time: '2026-11-23T11:16:00Z' });
    for (let again = 1; again < (options.times ?? 1); again += 1)
      finished = await cloud.run(definition, { time: '2026-11-23T11:16:00Z' });
    await cloud.clock.idle();
    const states = finished.events.flatMap(
      (event) => (event.stateEnteredEventDetails as { name: string } | undefined)?.name ?? [],
    );
    const { status, error, cause, output } = finished;
    return { status, error, cause, output, states, called, payloads, woken };
  } finally {
    await cloud.stop();
  }
}

const functionArn = (step: string) => `arn:aws:lambda:us-east-1:111111111111:function:${step}`;
const invoked = (answer: unknown): Document => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: Buffer.from(JSON.stringify(answer)),
  ...(isThrown(answer) ? { FunctionError: 'Unhandled' } : {}),
});

/** Stands in for the controller: one task that is given what woke it. */
const REACT = {
  QueryLanguage: 'JSONata',
  StartAt: 'React',
  States: {
    React: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: functionArn('React'), Payload: '{% $states.input %}' },
      Output: {},
      End: true,
    },
  },
};

test('the definition passes the lint', () => {
  const substitutions = ['MonitorFunctionArn', 'ReactMachineArn'];
  expect(lintStateMachine(JSON.parse(SOURCE), { substitutions, knownErrors: Object.values(ERROR_NAMES) })).toEqual([]);
});

describe('a window', () => {
  test('is collected, profiled object by object, compared, and wakes the controller', async () => {
    const { status, states, called, payloads, woken, output } = await play();
    expect(states).toEqual([
      'Collect window',
      'Anything captured?',
      'Profile objects',
      'Compare and score',
      'Anything new?',
      'Wake the controller',
      'Window closed',
    ]);
    expect(called).toEqual(['collect', 'profile', 'profile', 'compare']);
    const profiled = payloads.filter(({ action }) => action === 'profile');
    expect(
      profiled.map((payload) => payload.item).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ).toEqual([item(1), item(2)]);
    expect(payloads.at(-1)).toMatchObject({ action: 'compare', window: WINDOW, work: true });
    expect(woken).toEqual([{ window: WINDOW }]);
    expect([status, output]).toEqual(['SUCCEEDED', { window: WINDOW, status: 'OK' }]);
  });

  test('that is not due ends at once', async () => {
    const collect = { status: 'NOT_DUE', window: null, objects: null };
    const { status, states, called } = await play({ answers: { collect } });
    expect([status, called]).toEqual(['SUCCEEDED', ['collect']]);
    expect(states.at(-1)).toBe('Nothing is due');
  });

  test('without captures is closed without a map; what is no news wakes nobody', async () => {
    const { states, payloads, woken } = await play({
      answers: {
        collect: { ...(WELL.collect as object), status: 'IDLE', objects: null },
        compare: { ...(WELL.compare as object), wake: false },
      },
    });
    expect(states).not.toContain('Profile objects');
    expect(payloads.at(-1)).toMatchObject({ work: false });
    expect(woken).toEqual([]);
    expect(states.at(-1)).toBe('Window closed');
  });

  test('wakes the controller once, however often it is done', async () => {
    const { status, woken, states } = await play({ times: 2 });
    expect(woken).toHaveLength(1);
    expect([status, states.at(-1)]).toEqual(['SUCCEEDED', 'Window closed']);
  });
});

describe('a failure', () => {
  test.each(['collect', 'compare'] as const)('in %s ends in Fail, after it is recorded', async (step) => {
    const { status, error, states, payloads } = await play({
      answers: { [step]: thrown(ERROR_NAMES.invalidArtifact, 'because') },
    });
    expect([status, error]).toEqual(['FAILED', ERROR_NAMES.invalidArtifact]);
    expect(states.slice(-2)).toEqual(['Record failure', 'Window failed']);
    expect(payloads.at(-1)).toMatchObject({ action: 'fail', failure: { Error: ERROR_NAMES.invalidArtifact } });
  });

  test('of children does not keep the others from being compared: what is missing decides', async () => {
    const profile = (payload: { item: WorkItem }) =>
      payload.item.id === item(1).id ? thrown(ERROR_NAMES.invalidDataset, 'too much') : WELL.profile;
    const { status, called } = await play({ answers: { profile } });
    expect([status, called.at(-1)]).toEqual(['SUCCEEDED', 'compare']);
  });

  test.each([ERROR_NAMES.dependencyUnavailable, ERROR_NAMES.conflict, 'Lambda.TooManyRequestsException'])(
    '%s is tried again',
    async (error) => {
      const compare = (_payload: unknown, before: number) => (before < 3 ? thrown(error) : WELL.compare);
      const { status, called } = await play({ answers: { compare } });
      expect(called.filter((step) => step === 'compare')).toHaveLength(4);
      expect(status).toBe('SUCCEEDED');
    },
  );

  test('of the recording itself still ends the execution', async () => {
    const { status, states } = await play({ answers: { collect: thrown('Error'), fail: thrown('Error') } });
    expect([status, states.at(-1)]).toEqual(['FAILED', 'Window failed']);
  });
});
