import type { State, StatesContainer } from '../definition/model.ts';
import { exceedsPayloadLimit, type Json } from '../json.ts';
import { choice } from './choice.ts';
import { fail } from './fail.ts';
import { Aborted, dataLimitExceeded, runtimeFailure } from './failure.ts';
import { inputDetails, outputDetails } from './history.ts';
import { map } from './map.ts';
import { parallel } from './parallel.ts';
import { pass } from './pass.ts';
import type { Frame, Position } from './run.ts';
import { succeed } from './succeed.ts';
import { task } from './task.ts';
import { type Outgoing, Visit } from './visit.ts';
import { wait } from './wait.ts';

type Handlers = { [S in State as S['Type']]: (visit: Visit<S>) => Promise<Outgoing> };

const HANDLERS: Handlers = {
  Pass: pass,
  Task: task,
  Choice: choice,
  Wait: wait,
  Succeed: succeed,
  Fail: fail,
  Parallel: parallel,
  Map: map,
};

/** Runs a container from its start, or from where an execution stood, to its end. */
export async function runStates(
  container: StatesContainer,
  input: Json,
  frame: Frame,
  resumed?: Position,
): Promise<Json> {
  let name = resumed?.state ?? container.StartAt;
  let current = resumed?.input ?? input;
  let position = resumed;
  for (;;) {
    const state = container.States[name];
    if (!state) throw runtimeFailure(`The state '${name}' does not exist.`);
    const { next, output } = await runState(name, state, current, frame, position);
    if (next === undefined) return output;
    [name, current, position] = [next, output, undefined];
  }
}

async function runState(
  name: string,
  state: State,
  input: Json,
  frame: Frame,
  resumed: Position | undefined,
): Promise<Outgoing> {
  if (frame.signal.aborted) throw new Aborted();
  const { before, enteredId, enteredTime } = resumed ?? enter(name, state, input, frame);
  const visit = new Visit(frame, { name, state, input, before, enteredId, enteredTime });
  frame.open = { type: state.Type, name, frames: new Map() };
  const outgoing = await handleState(visit);
  if (frame.signal.aborted) throw new Aborted();
  if (exceedsPayloadLimit(outgoing.output)) throw dataLimitExceeded(name);
  exit(visit, outgoing);
  return outgoing;
}

/** What a state does between its entering and its leaving. */
export function handleState(visit: Visit): Promise<Outgoing> {
  const handle = HANDLERS[visit.state.Type] as (visit: Visit) => Promise<Outgoing>;
  return handle(visit);
}

function enter(name: string, state: State, input: Json, frame: Frame): Position {
  const { run, pointer: before } = frame;
  const enteredId = run.history.append(`${state.Type}StateEntered`, before, { name, ...inputDetails(input) });
  frame.pointer = enteredId;
  const position = {
    state: name,
    input,
    variables: { ...frame.variables.visible },
    before,
    enteredId,
    enteredTime: run.clock.now(),
  };
  frame.journal?.entering(position);
  return position;
}

function exit({ frame, name, state }: Visit, { output, assigned }: Outgoing): void {
  frame.open = undefined;
  const assignment = assigned && Object.keys(assigned).length > 0 ? assigned : undefined;
  if (assignment) frame.variables.assign(assignment);
  frame.pointer = frame.run.history.append(`${state.Type}StateExited`, frame.pointer, {
    name,
    ...outputDetails(output),
    ...(assignment && {
      assignedVariables: Object.fromEntries(
        Object.entries(assignment).map(([variable, value]) => [variable, JSON.stringify(value)]),
      ),
      assignedVariablesDetails: { truncated: false },
    }),
  });
}
