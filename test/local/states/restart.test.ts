import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createClock } from '../../../local/kernel/clock.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { type Answer, ROLE, type StatesCloud, statesCloud } from '../../support/states-cloud.ts';
import { invoke, machine } from './cases/case.ts';

const START = Date.parse('2030-01-01T00:00:00Z');
const answer: Answer = () => ({ StatusCode: 200, Payload: Buffer.from('"answer"') });

let folder: string;
let cloud: StatesCloud;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'states-restart-'));
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A clock that stands still where it matters: nothing here waits for the host. */
const open = (startAt: number) => {
  cloud = statesCloud({ folder, answer, clock: createClock({ mode: 'skip', startAt }) });
  return cloud;
};

async function start(definition: unknown): Promise<string> {
  const { stateMachineArn } = await cloud.call('CreateStateMachine', {
    name: 'lasting',
    definition: JSON.stringify(definition),
    roleArn: ROLE,
  });
  const { executionArn } = await cloud.call('StartExecution', { stateMachineArn, input: '{"a":1}' });
  return String(executionArn);
}

const tokenOf = ({ calls }: StatesCloud) => (JSON.parse(String(calls[0]?.input.Payload)) as { token: string }).token;

test('an execution that waits for a token is answered after a restart, with that token', async () => {
  open(START);
  const ask = invoke({
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: 'ask', Payload: { token: '{% $states.context.Task.Token %}' } },
    Output: { answer: '{% $states.result %}', kept: '{% $kept %}' },
  });
  const executionArn = await start(machine({ Keep: { Type: 'Pass', Assign: { kept: 7 }, Next: 'Ask' }, Ask: ask }));
  await cloud.clock.idle();
  const taskToken = tokenOf(cloud);
  await cloud.stop();

  const again = open(START + 60_000);
  await again.resume();
  await again.call('SendTaskSuccess', { taskToken, output: '"yes"' });
  await again.clock.idle();
  expect(await again.call('DescribeExecution', { executionArn })).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"answer":"yes","kept":7}',
  });
  expect(again.calls).toEqual([]);
  const events = await again.history(executionArn);
  expect(events.map(({ id }) => id)).toEqual(events.map((_event, index) => index + 1));
});

test('a wait ends when it was due, not later for the restart', async () => {
  // A real clock: a skipping one would be through the wait before the cloud can stop.
  cloud = statesCloud({ folder, answer, clock: createClock({ mode: 'real', startAt: START }) });
  const executionArn = await start(
    machine({
      Rest: { Type: 'Wait', Timestamp: '{% $fromMillis($millis() + 3600000) %}', Next: 'Done' },
      Done: { Type: 'Succeed', Output: '{% $now() %}' },
    }),
  );
  await vi.waitFor(() => expect(cloud.clock.pending()).toEqual([]), { interval: 2 });
  await cloud.stop();

  const again = open(START + 30 * 60_000);
  await again.resume();
  await again.clock.idle();
  const { output } = await again.call('DescribeExecution', { executionArn });
  expect(String(output)).toMatch(/^"2030-01-01T01:00:00/);
});

test('a task that was under way is done again: at least once, as tasks are', async () => {
  const started = Promise.withResolvers<void>();
  let hangs = true;
  const slow: Answer = (call, clock) => {
    if (!hangs) return answer(call, clock);
    started.resolve();
    return new Promise<Document>(() => undefined);
  };
  cloud = statesCloud({ folder, answer: slow, clock: createClock({ mode: 'skip', startAt: START }) });
  const executionArn = await start(machine({ Call: invoke({ Output: '{% $states.result.Payload %}' }) }));
  await started.promise;
  await cloud.stop();

  hangs = false;
  cloud = statesCloud({ folder, answer: slow, clock: createClock({ mode: 'skip', startAt: START + 1000 }) });
  await cloud.resume();
  await cloud.clock.idle();
  expect(await cloud.call('DescribeExecution', { executionArn })).toMatchObject({
    status: 'SUCCEEDED',
    output: '"answer"',
  });
  const types = (await cloud.history(executionArn)).map(({ type }) => type);
  expect(types.filter((type) => type === 'TaskScheduled')).toHaveLength(2);
  expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(1);
});

test('what has ended is found again', async () => {
  open(START);
  const executionArn = await start(machine({ Only: { Type: 'Pass', End: true } }));
  await cloud.clock.idle();
  await cloud.stop();

  const again = open(START + 1000);
  await again.resume();
  expect(await again.call('DescribeExecution', { executionArn })).toMatchObject({
    status: 'SUCCEEDED',
    output: '{"a":1}',
  });
  expect(await again.history(executionArn)).toHaveLength(4);
});
