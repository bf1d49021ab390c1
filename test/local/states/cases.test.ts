import { expect, test } from 'vitest';
import { AwsError } from '../../../local/kernel/errors.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { type Answer, type Finished, statesCloud } from '../../support/states-cloud.ts';
import { branches } from './cases/branches.ts';
import type { Case, TaskAnswer } from './cases/case.ts';
import { distributed } from './cases/distributed.ts';
import { expressions } from './cases/expressions.ts';
import { flow } from './cases/flow.ts';
import { tasks } from './cases/tasks.ts';

test.each([...expressions, ...flow, ...tasks, ...branches, ...distributed])('a state machine $name', async (given) => {
  const cloud = statesCloud({ answer: answering(given) });
  const begun = cloud.clock.now();
  try {
    const ended = await cloud.run(given.definition, given.input);
    const seconds = Math.floor((cloud.clock.now() - begun) / 1000);
    expect({ ...summary(ended, given), seconds: given.expect.seconds ?? seconds }).toEqual({
      ...summary(ended, given),
      ...given.expect,
      seconds,
    });
  } finally {
    await cloud.stop();
  }
});

/** Of what came out, the members that the case speaks of. */
function summary({ status, output, error, cause, events }: Finished, { expect: { includes = [] } }: Case) {
  const labels = events.map(label);
  return {
    status,
    output,
    error,
    cause,
    events: events.map((event, index) => `${event.id} ${event.previousEventId} ${labels[index]}`),
    includes: labels.filter((name) => includes.includes(name)),
  };
}

function label(event: Document): string {
  const details = Object.entries(event).find(([member]) => member.endsWith('EventDetails'))?.[1] as
    | Document
    | undefined;
  return details?.name === undefined ? String(event.type) : `${event.type} ${details.name}`;
}

function answering({ answers = [] }: Case): Answer {
  let next = 0;
  return async ({ service }, clock) => {
    const answer = answers[Math.min(next++, answers.length - 1)];
    if (!answer) throw new Error('The case has no answers');
    if ('seconds' in answer) await clock.run('slow function', (work) => work.sleep(1000 * answer.seconds));
    if ('code' in answer) throw new AwsError(answer.code, answer.message, { status: answer.status });
    return service === 'lambda' ? invoked(answer) : ((answer as { payload: Document }).payload ?? {});
  };
}

function invoked(answer: TaskAnswer): Document {
  const payload = 'thrown' in answer ? answer.thrown : 'payload' in answer ? answer.payload : null;
  return {
    StatusCode: 200,
    ExecutedVersion: '$LATEST',
    Payload: Buffer.from(JSON.stringify(payload)),
    ...('thrown' in answer ? { FunctionError: 'Unhandled' } : {}),
  };
}
