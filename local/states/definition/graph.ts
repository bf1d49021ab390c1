import { isObject } from '../json.ts';
import { containersOf, statesOf } from './containers.ts';
import type { CheckContext } from './validate.ts';

const MISSING = 'MISSING_TRANSITION_TARGET';

/** Every transition has a target, every state can be reached, and the workflow can end; in every container. */
export function checkGraph(container: Record<string, unknown>, path: string, context: CheckContext): void {
  const states = statesOf(container, path);
  const names = new Set(states.map(([name]) => name));
  const edges: [string, string][] = [[String(container.StartAt), `${path}/StartAt`]];
  for (const [, state, at] of states) edges.push(...transitionsOf(state, at));
  for (const [target, at] of edges) {
    // The word is 'Next' wherever the transition stands.
    if (!names.has(target)) context.report(MISSING, `Missing 'Next' target: ${target}`, at);
  }
  if (!states.some(([, state]) => isTerminal(state))) {
    context.report('MISSING_END_STATE', 'Workflow has no terminal state');
  } else {
    const reached = reachable(String(container.StartAt), states);
    for (const [name, , at] of states) {
      if (!reached.has(name)) context.report(MISSING, `State "${name}" is not reachable.`, at);
    }
  }
  for (const [, state, at] of states) {
    for (const [inner, innerPath] of containersOf(state, at)) checkGraph(inner, innerPath, context);
  }
}

/** Where a state can go next, and where that is written. */
export function transitionsOf(state: Record<string, unknown>, path: string): [string, string][] {
  const found: [unknown, string][] = [
    [state.Next, `${path}/Next`],
    [state.Default, `${path}/Default`],
  ];
  for (const field of ['Choices', 'Catch']) {
    const members = Array.isArray(state[field]) ? (state[field] as unknown[]) : [];
    members.forEach((member, index) => {
      if (isObject(member)) found.push([member.Next, `${path}/${field}[${index}]/Next`]);
    });
  }
  return found.filter((entry): entry is [string, string] => typeof entry[0] === 'string');
}

function isTerminal(state: Record<string, unknown>): boolean {
  return state.End === true || state.Type === 'Succeed' || state.Type === 'Fail';
}

function reachable(startAt: string, states: readonly [string, Record<string, unknown>, string][]): Set<string> {
  const byName = new Map(states.map(([name, state]) => [name, state]));
  const reached = new Set<string>();
  const open = [startAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const state = byName.get(name);
    if (!state || reached.has(name)) continue;
    reached.add(name);
    open.push(...transitionsOf(state, '').map(([target]) => target));
  }
  return reached;
}
