import { isObject } from '../json.ts';

/** The containers inside a state and where they stand: the branches of a Parallel, the processor of a Map. */
export function containersOf(state: Record<string, unknown>, path: string): [Record<string, unknown>, string][] {
  const branches = Array.isArray(state.Branches) ? state.Branches : [];
  const found: [unknown, string][] = branches.map((branch, index) => [branch, `${path}/Branches[${index}]`]);
  for (const field of ['ItemProcessor', 'Iterator']) {
    if (field in state) found.push([state[field], `${path}/${field}`]);
  }
  return found.filter((entry): entry is [Record<string, unknown>, string] => isObject(entry[0]));
}

/** The states of a container and where they stand. */
export function statesOf(
  container: Record<string, unknown>,
  path: string,
): [string, Record<string, unknown>, string][] {
  const states = isObject(container.States) ? container.States : {};
  return Object.entries(states).flatMap(([name, state]) =>
    isObject(state) ? [[name, state, `${path}/States/${name}`] as [string, Record<string, unknown>, string]] : [],
  );
}
