import jsonata from 'jsonata';

export interface LintOptions {
  /** Names that the deployment substitutes for `${Name}`. */
  readonly substitutions: readonly string[];
  /** Names of our own errors that a state machine may match, e.g. `Sluice.InvalidDataset`. */
  readonly knownErrors: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Errors of the Lambda service that a Task must retry. https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html */
const TRANSIENT_ERRORS = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];
const OWN_ERROR = /^Sluice\./;

/**
 * What is wrong with a workflow that CloudFormation and the CDK let pass; empty when nothing is. Each problem names the
 * place it is at.
 */
export function lintStateMachine(definition: unknown, options: LintOptions): string[] {
  const problems: string[] = [];
  const report = (path: string, problem: string) => problems.push(`${path || '/'}: ${problem}`);
  if (!isFields(definition)) return ['/: the definition is not a JSON object'];
  if (definition.QueryLanguage !== 'JSONata') report('', 'QueryLanguage must be "JSONata" at the top');
  lintContainer(definition, '', { report, guarded: false });
  visit(definition, '', (value, path) => {
    if (typeof value !== 'string') return;
    lintExpression(value, path, report);
    lintPlaceholders(value, path, options.substitutions, report);
  });
  lintErrors(definition, options.knownErrors, report);
  return problems;
}

type Report = (path: string, problem: string) => void;

interface Place {
  readonly report: Report;
  /** A state around this container catches whatever fails in it. */
  readonly guarded: boolean;
}

/** Targets exist, every state is reached, and the tasks of a container can recover. */
function lintContainer(container: Fields, path: string, place: Place): void {
  const { report } = place;
  const states = isFields(container.States) ? container.States : {};
  const targets = new Map(
    Object.entries(states).map(([name, state]) => [name, targetsOf(state, `${path}/States/${name}`)]),
  );
  const start: Target = { name: String(container.StartAt), path: `${path}/StartAt` };
  for (const { name, path: at } of [start, ...[...targets.values()].flat()]) {
    if (!(name in states)) report(at, `there is no state "${name}"`);
  }
  const reached = reachable(start.name, targets);
  for (const [name, state] of Object.entries(states)) {
    const at = `${path}/States/${name}`;
    if (!reached.has(name)) report(at, 'no transition leads to this state');
    if (!isFields(state)) continue;
    if (state.QueryLanguage === 'JSONPath') report(at, 'QueryLanguage must be JSONata');
    if (state.Type === 'Task') lintTask(state, at, place);
    const guarded = place.guarded || catchesAll(state);
    for (const [inner, innerPath] of innerContainers(state, at)) lintContainer(inner, innerPath, { report, guarded });
  }
  if (!Object.values(states).some(isTerminal)) report(path, 'no state ends the workflow');
}

/** Every wait has an end, what is transient is tried again, and every failure is visible in the end. */
function lintTask(task: Fields, path: string, { report, guarded }: Place): void {
  if (task.TimeoutSeconds === undefined) report(path, 'a Task needs TimeoutSeconds');
  const retried = errorsOf(task.Retry);
  const missing = retried.includes('States.ALL') ? [] : TRANSIENT_ERRORS.filter((error) => !retried.includes(error));
  if (isLambda(task) && missing.length > 0) report(path, `Retry does not cover ${missing.join(', ')}`);
  if (!guarded && !catchesAll(task)) {
    report(path, 'a Task, or a state around it, needs a Catch for States.ALL that ends in a visible outcome');
  }
}

function isLambda({ Resource }: Fields): boolean {
  return typeof Resource === 'string' && /:lambda:|^\$\{/.test(Resource);
}

function lintExpression(text: string, path: string, report: Report): void {
  const begins = text.trimStart().startsWith('{%');
  const ends = text.trimEnd().endsWith('%}');
  if (!begins && !ends) return;
  if (begins !== ends || text !== text.trim()) {
    report(path, 'an expression begins with "{%" and ends with "%}", without blanks around it');
    return;
  }
  try {
    jsonata(text.slice(2, -2));
  } catch (error) {
    report(path, `the expression does not compile: ${(error as Error).message}`);
  }
}

function lintPlaceholders(text: string, path: string, substitutions: readonly string[], report: Report): void {
  for (const [, name = ''] of text.matchAll(/\$\{([^}]*)\}/g)) {
    if (!substitutions.includes(name)) report(path, `nothing is substituted for \${${name}}`);
  }
}

/** Our own errors are matched by literal names: one that nothing throws catches nothing. */
function lintErrors(definition: Fields, known: readonly string[], report: Report): void {
  visit(definition, '', (value, path) => {
    if (typeof value !== 'string' || !OWN_ERROR.test(value)) return;
    if (/\/ErrorEquals\[\d+\]$/.test(path) && !known.includes(value)) report(path, `nothing throws "${value}"`);
  });
}

interface Target {
  readonly name: string;
  readonly path: string;
}

function targetsOf(state: unknown, path: string): Target[] {
  if (!isFields(state)) return [];
  const found: [unknown, string][] = [
    [state.Next, `${path}/Next`],
    [state.Default, `${path}/Default`],
  ];
  for (const field of ['Choices', 'Catch']) {
    for (const [index, member] of fieldsIn(state[field]).entries())
      found.push([member.Next, `${path}/${field}[${index}]/Next`]);
  }
  return found.flatMap(([name, at]) => (typeof name === 'string' ? [{ name, path: at }] : []));
}

function reachable(start: string, targets: ReadonlyMap<string, readonly Target[]>): Set<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    open.push(...(targets.get(name) ?? []).map((target) => target.name));
  }
  return reached;
}

function innerContainers(state: Fields, path: string): [Fields, string][] {
  const branches = fieldsIn(state.Branches).map((branch, index): [Fields, string] => [
    branch,
    `${path}/Branches[${index}]`,
  ]);
  return isFields(state.ItemProcessor) ? [...branches, [state.ItemProcessor, `${path}/ItemProcessor`]] : branches;
}

function isTerminal(state: unknown): boolean {
  return isFields(state) && (state.End === true || state.Type === 'Succeed' || state.Type === 'Fail');
}

const catchesAll = ({ Catch }: Fields) => errorsOf(Catch).includes('States.ALL');
const errorsOf = (rules: unknown) =>
  fieldsIn(rules).flatMap(({ ErrorEquals }) => (Array.isArray(ErrorEquals) ? ErrorEquals.map(String) : []));

function visit(value: unknown, path: string, each: (value: unknown, path: string) => void): void {
  each(value, path);
  if (Array.isArray(value)) for (const [index, member] of value.entries()) visit(member, `${path}[${index}]`, each);
  else if (isFields(value)) for (const [key, member] of Object.entries(value)) visit(member, `${path}/${key}`, each);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsIn = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
