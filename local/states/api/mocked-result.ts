import type { State } from '../definition/model.ts';
import { isObject, type Json, typeName } from '../json.ts';
import { invalidRequest } from './core.ts';

/** What a service answers, as far as mocked results are checked: the members' types, and which are always there. */
interface Shape {
  readonly required?: readonly string[];
  readonly members: Readonly<Record<string, 'string' | 'number' | Shape>>;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'states:startExecution': {
    required: ['ExecutionArn', 'StartDate'],
    members: { ExecutionArn: 'string', StartDate: 'string' },
  },
  'lambda:invoke': {
    members: { StatusCode: 'number', ExecutedVersion: 'string', FunctionError: 'string', LogResult: 'string' },
  },
  'events:putEvents': {
    members: {
      Entries: { members: { EventId: 'string', ErrorCode: 'string', ErrorMessage: 'string' } },
      FailedEntryCount: 'number',
    },
  },
  'sqs:sendMessage': { members: { MessageId: 'string', MD5OfMessageBody: 'string' } },
  'sns:publish': { members: { MessageId: 'string' } },
};

/** Refuses a mocked result that the state could not have. `PRESENT` asks for no member, `NONE` asks for nothing. */
export function checkMockedResult(
  state: State,
  result: Json,
  options: { mode: string; failedIterations: number },
): void {
  if (state.Type === 'Parallel') checkBranches(result, state.Branches.length);
  else if (state.Type === 'Map') checkItems(state.ResultWriter !== undefined, result, options.failedIterations);
  else if (state.Type === 'Task' && options.mode !== 'NONE') {
    const [, name = ''] = /^arn:[\w-]+:states:::(\w+:\w+)$/.exec(state.Resource) ?? [];
    const shape = SHAPES[name];
    if (shape) checkShape(result, shape, options.mode === 'STRICT');
  }
}

function checkBranches(result: Json, branches: number): void {
  if (!Array.isArray(result)) throw invalidRequest('Mocked result must be an array.');
  if (result.length !== branches) {
    throw invalidRequest('Mocked result must contain the same number of items as number of Parallel branches.');
  }
}

function checkItems(written: boolean, result: Json, failed: number): void {
  if (written) {
    if (!isObject(result)) throw invalidRequest('Mocked result must be a JSON object.');
    return;
  }
  if (!Array.isArray(result)) throw invalidRequest('Mocked result must be an array.');
  if (failed > result.length) {
    throw invalidRequest('Map iteration failure count must be less than or equal to the number of Map iterations');
  }
}

function checkShape(value: Json, { required = [], members }: Shape, strict: boolean): void {
  if (!isObject(value)) return;
  const fault = (problem: string) => invalidRequest(`Mock result schema validation error: ${problem}`);
  const missing = strict ? required.find((name) => !(name in value)) : undefined;
  if (missing) throw fault(`Required field '${missing}' is missing`);
  for (const [name, type] of Object.entries(members)) {
    const member = value[name];
    if (member === undefined) continue;
    if (typeof type === 'string') {
      if (typeName(member) !== type) throw fault(`Field '${name}' must be a ${type}`);
    } else if (!Array.isArray(member)) throw fault(`Field '${name}' must be an array`);
    else for (const entry of member) checkShape(entry, type, strict);
  }
}
