import { randomUUID } from 'node:crypto';
import type { Call, Document, Operation } from '../../kernel/service.ts';
import { expressArn, machineArn } from '../arns.ts';
import type { State } from '../definition/model.ts';
import { StateFailure } from '../interpreter/failure.ts';
import { History } from '../interpreter/history.ts';
import type { Frame } from '../interpreter/run.ts';
import { handleState } from '../interpreter/states.ts';
import { Variables } from '../interpreter/variables.ts';
import { type Outgoing, Visit } from '../interpreter/visit.ts';
import type { Json, JsonObject } from '../json.ts';
import { operation, present, requiredText, type StatesCore } from './core.ts';
import { readTest, type StateTest } from './test-state-input.ts';
import { isMocked, playMock, type Told } from './test-state-mock.ts';

/** Runs one state by itself, with what its task would answer given. https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html */
export function testState(core: StatesCore): Operation {
  return operation(
    'TestState',
    () => '*',
    async (input, call) => {
      const asked = readTest(requiredText(input, 'definition'), input);
      const visit = visitOf(core, asked, call);
      const inspected: JsonObject = { input: asked.input };
      const told = await outcomeOf(visit, asked, inspected);
      return present({ ...told, ...(asked.inspects ? { inspectionData: asInspection(inspected) } : {}) });
    },
  );
}

async function outcomeOf(visit: Visit, asked: StateTest, inspected: JsonObject): Promise<Document> {
  try {
    if (isMocked(visit, asked)) return answer(await playMock(visit, asked, inspected));
    return answer({ status: 'SUCCEEDED', outgoing: await handleState(visit) });
  } catch (error) {
    if (error instanceof StateFailure) return answer({ status: 'FAILED', failure: error });
    throw error;
  }
}

function answer({ status, outgoing, failure }: Told): Document {
  return present({
    status,
    output: outgoing && JSON.stringify(outgoing.output),
    nextState: (outgoing as Outgoing | undefined)?.next,
    error: failure?.error,
    // Tested by itself, a state has no place in a history that the cause could name.
    cause: failure?.reason?.replace(
      /^An error occurred while executing the state '.*?' \(entered at the event id #\d+\)\. /,
      '',
    ),
  });
}

/** Data is shown as JSON text, numbers of a Map as they are. */
function asInspection(inspected: JsonObject): Document {
  const texts = ['input', 'afterArguments', 'result'];
  return Object.fromEntries(
    Object.entries(inspected).map(([name, value]) => [name, texts.includes(name) ? JSON.stringify(value) : value]),
  );
}

function visitOf(
  core: StatesCore,
  { name, state, input, variables, context, roleArn, retryCount }: StateTest,
  call: Call,
): Visit {
  const { clock, region } = core.context;
  const [machine, execution] = [`TestState-${randomUUID()}`, randomUUID()];
  const frame: Frame = {
    run: {
      clock,
      history: new History({ now: () => clock.now() }),
      evaluator: core.evaluator,
      tasks: core.tasks,
      distributed: {
        start: () => {
          throw new StateFailure('States.Runtime', 'A Map is tested with a mock.');
        },
      },
      region,
      execution: {
        Id: expressArn(core.context, machine, execution),
        Input: input,
        Name: execution,
        RoleArn: roleArn,
        StartTime: new Date(clock.now()).toISOString(),
      },
      stateMachine: { Id: machineArn(core.context, machine), Name: machine },
    },
    work: call.work,
    signal: new AbortController().signal,
    variables: new Variables({}, variables as Record<string, Json>),
    pointer: 1,
    open: undefined,
  };
  const passage = { name, state: state as State, input, before: 0, enteredId: 1, enteredTime: clock.now() };
  const visit = new Visit(frame, passage);
  visit.givenContext = context;
  visit.retryCount = retryCount;
  return visit;
}
