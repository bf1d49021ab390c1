import { AwsError } from '../../kernel/errors.ts';
import type { Document } from '../../kernel/service.ts';
import { describeDiagnostics } from '../definition/diagnostic.ts';
import type { State } from '../definition/model.ts';
import { languageOf, validateDefinition } from '../definition/validate.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { invalidRequest } from './core.ts';
import { invalidDefinition } from './machine-rules.ts';
import { checkMockedResult } from './mocked-result.ts';

/** What TestState is asked. */
export interface StateTest {
  readonly name: string;
  readonly state: State;
  readonly input: Json;
  readonly variables: JsonObject;
  readonly context: JsonObject | undefined;
  readonly roleArn: string;
  /** DEBUG and TRACE show what happened on the way. */
  readonly inspects: boolean;
  readonly mock:
    | { readonly result?: Json; readonly error?: { readonly error?: string; readonly cause?: string } }
    | undefined;
  readonly retryCount: number;
  readonly failedIterations: number;
}

/** Reads the request and refuses what the service refuses. */
export function readTest(definition: string, request: Document): StateTest {
  const { name, state } = stateOf(definition, request.stateName);
  const mock = mockOf(request.mock);
  if (mock && request.revealSecrets === true)
    throw invalidRequest('TestState does not support RevealSecrets when a mock is specified.');
  if (mock && ['Succeed', 'Fail', 'Pass', 'Choice', 'Wait'].includes(state.Type)) {
    throw invalidRequest(`State type '${state.Type}' is not supported when a mock is specified`);
  }
  if (!mock && ['Map', 'Parallel'].includes(state.Type)) {
    throw new AwsError(
      'InvalidDefinition',
      'TestState API does not support Map or Parallel states. Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]',
    );
  }
  const { retrierRetryCount = 0, mapIterationFailureCount = 0 } = (request.stateConfiguration ?? {}) as Document;
  const mode = String(((request.mock ?? {}) as Document).fieldValidationMode ?? 'STRICT');
  const failedIterations = Number(mapIterationFailureCount);
  if (mock?.result !== undefined) checkMockedResult(state, mock.result, { mode, failedIterations });
  return {
    name,
    state,
    input: jsonOf(request.input, 'input') ?? {},
    variables: (jsonOf(request.variables, 'variables') ?? {}) as JsonObject,
    context: jsonOf(request.context, 'context') as JsonObject | undefined,
    roleArn: String(request.roleArn ?? ''),
    inspects: ['DEBUG', 'TRACE'].includes(String(request.inspectionLevel)),
    mock,
    retryCount: Number(retrierRetryCount),
    failedIterations,
  };
}

/** A state by itself, or one of a machine by its name. */
function stateOf(text: string, stateName: unknown): { name: string; state: State } {
  const given = jsonOf(text, 'definition');
  if (!isObject(given)) throw invalidDefinition('SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object');
  const [container, name] =
    typeof stateName === 'string'
      ? [given, stateName]
      : [{ StartAt: 'StateName', States: { StateName: given } }, 'StateName'];
  const state = ((container.States ?? {}) as JsonObject)[name];
  if (!isObject(state)) throw invalidRequest(`State '${name}' not found in definition`);
  const language = languageOf('QueryLanguage' in state ? state : container);
  if (language !== 'JSONata') {
    throw invalidDefinition(
      `SCHEMA_VALIDATION_FAILED: The local cloud executes JSONata: set 'QueryLanguage' to 'JSONata'; '${language}' is not executed at /States/${name}`,
    );
  }
  const alone = { QueryLanguage: 'JSONata', StartAt: name, States: { [name]: state } };
  // By itself a state's targets are not there, and it need not end anything.
  const problems = validateDefinition(JSON.stringify(alone), 'STANDARD').filter(
    ({ code }) => !code.startsWith('MISSING_'),
  );
  if (problems.length > 0) throw invalidDefinition(describeDiagnostics(problems));
  return { name, state: state as unknown as State };
}

function mockOf(given: unknown): StateTest['mock'] {
  if (!isObject(given)) return undefined;
  if (given.result !== undefined && given.errorOutput !== undefined) {
    throw invalidRequest('A test mock should have only one of the following fields: [result, errorOutput].');
  }
  if (isObject(given.errorOutput)) return { error: given.errorOutput as { error?: string; cause?: string } };
  try {
    return { result: JSON.parse(String(given.result)) as Json };
  } catch {
    throw invalidRequest('Mocked result must be valid JSON');
  }
}

function jsonOf(text: unknown, member: string): Json | undefined {
  if (text === undefined || text === null) return undefined;
  try {
    return JSON.parse(String(text)) as Json;
  } catch (cause) {
    if (member === 'input')
      throw new AwsError(
        'InvalidExecutionInput',
        `Invalid State Machine Execution Input: '${(cause as Error).message}'`,
      );
    throw invalidRequest(`The ${member} must be valid JSON`);
  }
}
