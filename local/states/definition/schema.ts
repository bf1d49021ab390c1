import { isObject } from '../json.ts';
import { expressionOf } from '../language/template.ts';
import { containersOf, statesOf } from './containers.ts';
import { fieldProblem } from './fields.ts';
import { STATE_TYPES, type StateType } from './model.ts';
import { type CheckContext, languageOf } from './validate.ts';

const FAILED = 'SCHEMA_VALIDATION_FAILED';

type Fields = Record<string, unknown>;
type Check = (state: Fields, path: string, context: CheckContext) => void;

/** The shape of a container and of everything in it. */
export function checkContainer(container: Fields, path: string, context: CheckContext): void {
  const missing = ['States', 'StartAt'].filter((field) => !(field in container));
  if (missing.length > 0) {
    context.report(FAILED, `These fields are required: [${missing.join(', ')}]`, path || '/');
    return;
  }
  if (path !== '' && 'QueryLanguage' in container) {
    context.report(FAILED, "Field 'QueryLanguage' is not supported", path);
  }
  if (!isObject(container.States) || Object.keys(container.States).length === 0) {
    context.report(FAILED, "The field 'States' should be non-empty", path || '/');
    return;
  }
  for (const [, state, at] of statesOf(container, path)) checkState(state, at, context);
}

function checkState(state: Fields, path: string, context: CheckContext): void {
  const { report } = context;
  const type = state.Type as StateType;
  if (!STATE_TYPES.includes(type)) {
    const types = STATE_TYPES.join(', ');
    if ('Type' in state) report(FAILED, `The field 'Type' should have one of these values: [${types}]`, `${path}/Type`);
    else report(FAILED, 'These fields are required: [Type]', path);
    return;
  }
  if (context.language === 'JSONata' && state.QueryLanguage === 'JSONPath') {
    report(FAILED, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", path);
  }
  const language = 'QueryLanguage' in state ? languageOf(state) : context.language;
  for (const field of Object.keys(state)) {
    const problem = fieldProblem(type, field, language);
    if (problem) report(FAILED, problem, path);
  }
  for (const check of CHECKS[type]) check(state, path, context);
  for (const [container, at] of containersOf(state, path)) checkContainer(container, at, context);
}

const required =
  (...fields: string[]): Check =>
  (state, path, { report }) => {
    const missing = fields.filter((field) => !(field in state));
    if (missing.length > 0) report(FAILED, `These fields are required: [${missing.join(', ')}]`, path);
  };

const exactlyOne =
  (...fields: string[]): Check =>
  (state, path, { report }) => {
    const present = fields.filter((field) => field in state);
    if (present.length === 0) report(FAILED, `One of these fields is required: [${fields.join(', ')}]`, path);
    if (present.length > 1)
      report(FAILED, `There should only be one of the following fields: [${present.join(', ')}]`, path);
  };

/** A number is a literal within the bounds, or an expression that is checked when it runs. */
const number =
  (field: string, minimum: number, maximum = 99_999_999): Check =>
  (state, path, { report }) => {
    const value = state[field];
    if (value === undefined || expressionOf(value) !== undefined) return;
    if (typeof value !== 'number') report(FAILED, 'Expected value of type Integer', `${path}/${field}`);
    else if (value < minimum) report(FAILED, `Minimum value is ${minimum}`, `${path}/${field}`);
    else if (value > maximum) report(FAILED, `Maximum value is ${maximum}`, `${path}/${field}`);
  };

const list =
  (field: string, ...members: Check[]): Check =>
  (state, path, context) => {
    if (!(field in state)) return;
    const value = state[field];
    if (!Array.isArray(value)) {
      context.report(FAILED, 'Expected value of type Array', `${path}/${field}`);
      return;
    }
    value.forEach((member, index) => {
      if (!isObject(member)) return;
      for (const check of members) check(member, `${path}/${field}[${index}]`, context);
    });
  };

const nested =
  (field: string, ...members: Check[]): Check =>
  (state, path, context) => {
    const value = state[field];
    if (isObject(value)) for (const check of members) check(value, `${path}/${field}`, context);
  };

const nonEmptyErrors: Check = (member, path, { report }) => {
  const names = member.ErrorEquals;
  if (!Array.isArray(names) || names.length === 0) report(FAILED, "The field 'ErrorEquals' should be non-empty", path);
  else if (names.includes('States.ALL') && names.length > 1) {
    report(FAILED, 'States.ALL must appear alone', `${path}/ErrorEquals`);
  }
};

const express: Check = ({ Resource }, path, { type, report }) => {
  if (type !== 'EXPRESS' || typeof Resource !== 'string') return;
  const pattern = /\.(waitForTaskToken|sync(?::2)?)$/.exec(Resource)?.[1];
  if (pattern) {
    // The two blanks before "at" are the service's own.
    report(FAILED, `Express state machine does not support '.${pattern}' service integration `, `${path}/Resource`);
  } else if (/:activity:/.test(Resource)) {
    report(FAILED, 'Express state machine does not support Activity ARN', `${path}/Resource`);
  }
};

/** A Resource is an ARN: of an integration, a function or an activity. */
const resource: Check = ({ Resource }, path, { report }) => {
  if (typeof Resource === 'string' && !Resource.startsWith('arn:')) {
    report(FAILED, 'Value is not a valid resource ARN', `${path}/Resource`);
  }
};

/** JSONPath writes `RoleArn.$` for a value that is looked up. */
const roleArn: Check = (credentials, path, { report }) => {
  if ('RoleArn' in credentials || 'RoleArn.$' in credentials) return;
  report(FAILED, "The field 'RoleArn' is required but was missing", path);
};

const flow = exactlyOne('Next', 'End');
const recovery = [
  list('Retry', nonEmptyErrors, number('IntervalSeconds', 1), number('MaxAttempts', 0), number('BackoffRate', 1)),
  list('Catch', nonEmptyErrors, required('Next')),
];

const CHECKS: Readonly<Record<StateType, readonly Check[]>> = {
  Pass: [flow],
  Succeed: [],
  Fail: [],
  Choice: [required('Choices'), list('Choices', required('Next'))],
  Wait: [flow, exactlyOneOfWait, number('Seconds', 0)],
  Task: [
    required('Resource'),
    flow,
    resource,
    express,
    nested('Credentials', roleArn),
    number('TimeoutSeconds', 1),
    number('HeartbeatSeconds', 1),
    ...recovery,
  ],
  Parallel: [required('Branches'), flow, ...recovery],
  Map: [
    exactlyOne('ItemProcessor', 'Iterator'),
    flow,
    number('MaxConcurrency', 0),
    number('ToleratedFailureCount', 0),
    number('ToleratedFailurePercentage', 0, 100),
    nested('ItemReader', required('Resource'), nested('ReaderConfig', number('MaxItems', 0, 100_000_000))),
    nested('ItemBatcher', number('MaxItemsPerBatch', 1), number('MaxInputBytesPerBatch', 1, 262_144)),
    ...recovery,
  ],
};

function exactlyOneOfWait(state: Fields, path: string, context: CheckContext): void {
  exactlyOne('Seconds', 'Timestamp', ...['SecondsPath', 'TimestampPath'].filter((field) => field in state))(
    state,
    path,
    context,
  );
}
