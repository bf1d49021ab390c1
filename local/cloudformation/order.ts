import { invalid } from './intrinsics.ts';
import { dependsOn, type ResourceDeclaration, referencesIn } from './template.ts';

/** What each resource must wait for, among the given ones: what it refers to and what it says it depends on. */
export function dependencies(
  resources: Readonly<Record<string, ResourceDeclaration>>,
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(resources).map(([logicalId, resource]) => {
      const named = [...referencesIn(resource.Properties).map(({ name }) => name), ...dependsOn(resource)];
      return [logicalId, [...new Set(named)].filter((name) => Object.hasOwn(resources, name))];
    }),
  );
}

/** The names with each after those it waits for; otherwise as they come. */
export function inOrder(waitsFor: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const open: string[] = [];
  const visit = (name: string) => {
    if (done.has(name)) return;
    if (open.includes(name)) {
      const cycle = open.slice(open.indexOf(name));
      throw invalid(`Circular dependency between resources: [${cycle.join(', ')}]`);
    }
    open.push(name);
    for (const other of waitsFor.get(name) ?? []) if (waitsFor.has(other)) visit(other);
    open.pop();
    done.add(name);
  };
  for (const name of waitsFor.keys()) visit(name);
  return [...done];
}
