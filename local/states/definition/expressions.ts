import jsonata from 'jsonata';
import { isObject } from '../json.ts';
import { expressionsIn, type Placed } from '../language/template.ts';
import { containersOf, statesOf } from './containers.ts';
import { type CheckContext, languageOf } from './validate.ts';

/** Every expression compiles, and refers to nothing but `$states` and variables at its top level. */
export function checkExpressions(container: Record<string, unknown>, path: string, context: CheckContext): void {
  for (const [, state, at] of statesOf(container, path)) {
    const language = 'QueryLanguage' in state ? languageOf(state) : context.language;
    if (language === 'JSONata') {
      for (const placed of expressionsOfState(state)) checkExpression(placed, at, context);
    }
    for (const [inner, innerPath] of containersOf(state, at)) checkExpressions(inner, innerPath, context);
  }
}

const STRUCTURE = new Set(['Type', 'Comment', 'QueryLanguage', 'Next', 'End', 'Resource', 'Default', 'Label']);
const CONTAINERS = new Set(['Branches', 'ItemProcessor', 'Iterator']);

/** The expressions of a state itself, not of the states inside it. */
export function expressionsOfState(state: Record<string, unknown>): Placed[] {
  return Object.entries(state).flatMap(([field, value]) =>
    STRUCTURE.has(field) || CONTAINERS.has(field) ? [] : expressionsIn(value, field),
  );
}

function checkExpression({ expression, location }: Placed, path: string, { report }: CheckContext): void {
  try {
    const ast = jsonata(expression).ast() as unknown as Node;
    for (const name of new Set(topLevelReferences(ast))) {
      report(
        'UNSUPPORTED_JSONATA_EXPRESSION',
        `Reference to '${name}' at the top level is not supported.`,
        `${path}/${location}`,
      );
    }
  } catch (error) {
    report('INVALID_JSONATA_EXPRESSION', (error as Error).message, `${path}/${location}`);
  }
}

interface Node {
  readonly type?: string;
  readonly value?: unknown;
  readonly steps?: readonly Node[];
  readonly arguments?: readonly Node[];
  readonly expressions?: readonly (Node | readonly Node[])[];
  readonly lhs?: Node | readonly (readonly Node[])[];
  readonly rhs?: Node;
  readonly condition?: Node;
  readonly then?: Node;
  readonly else?: Node;
}

/** Names that an expression reads from a context item, which a state does not have. */
function topLevelReferences(node: Node | undefined): string[] {
  if (!node) return [];
  const reader = READERS[node.type ?? ''];
  return reader ? reader(node) : [];
}

const all = (nodes: readonly (Node | undefined)[] = []) => nodes.flatMap(topLevelReferences);

const READERS: Readonly<Record<string, (node: Node) => string[]>> = {
  // Later steps have the earlier ones as their context.
  path: ({ steps = [] }) => topLevelReferences(steps[0]),
  name: ({ value }) => [String(value)],
  wildcard: () => ['*'],
  descendant: () => ['**'],
  variable: ({ value }) => (value === '' || value === '$' ? [`$${value}`] : []),
  function: ({ arguments: args }) => all(args),
  partial: ({ arguments: args }) => all(args),
  block: ({ expressions = [] }) => all(expressions.flat()),
  unary: (node) => (node.value === '{' ? all(pairs(node.lhs)) : all(node.expressions?.flat())),
  binary: ({ lhs, rhs }) => all([single(lhs), rhs]),
  bind: ({ rhs }) => all([rhs]),
  apply: ({ lhs, rhs }) => all([single(lhs), rhs]),
  condition: (node) => all([node.condition, node.then, node.else]),
};

const pairs = (lhs: Node['lhs']): Node[] => (Array.isArray(lhs) ? (lhs as Node[][]).flat() : []);
const single = (lhs: Node['lhs']): Node | undefined => (isObject(lhs) ? (lhs as unknown as Node) : undefined);
