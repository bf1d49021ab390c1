import { expect, test } from 'vitest';
import { lintStateMachine } from '../../lib/asl-lint.ts';

const options = { substitutions: ['TrainArn'], knownErrors: ['Sluice.InvalidDataset'] };

const retry = {
  ErrorEquals: [
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
};

function machine(task: Record<string, unknown> = {}, states: Record<string, unknown> = {}) {
  return {
    QueryLanguage: 'JSONata',
    StartAt: 'Train',
    States: {
      Train: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke',
        Arguments: { FunctionName: '${TrainArn}', Payload: '{% $states.input %}' },
        TimeoutSeconds: 60,
        Retry: [retry],
        Catch: [
          { ErrorEquals: ['Sluice.InvalidDataset'], Next: 'Failed' },
          { ErrorEquals: ['States.ALL'], Next: 'Failed' },
        ],
        End: true,
        ...task,
      },
      Failed: { Type: 'Fail', Error: 'Sluice.Failed' },
      ...states,
    },
  };
}

test('lintStateMachine() has nothing to say about a sound workflow', () => {
  expect(lintStateMachine(machine(), options)).toEqual([]);
});

test.each([
  [
    'a dangling target',
    machine({ Next: 'Evaluate', End: undefined }),
    '/States/Train/Next: there is no state "Evaluate"',
  ],
  [
    'an unreachable state',
    machine({}, { Lost: { Type: 'Succeed' } }),
    '/States/Lost: no transition leads to this state',
  ],
  ['a task without a timeout', machine({ TimeoutSeconds: undefined }), '/States/Train: a Task needs TimeoutSeconds'],
  [
    'a missing retry',
    machine({ Retry: [{ ErrorEquals: retry.ErrorEquals.slice(0, 3) }] }),
    '/States/Train: Retry does not cover Lambda.TooManyRequestsException',
  ],
  [
    'a missing catch',
    machine({ Catch: [{ ErrorEquals: ['Sluice.InvalidDataset'], Next: 'Failed' }] }),
    '/States/Train: a Task, or a state around it, needs a Catch for States.ALL that ends in a visible outcome',
  ],
  [
    'an expression that does not compile',
    machine({ Output: { rows: '{% $states.result. %}' } }),
    '/States/Train/Output/rows: the expression does not compile: Unexpected end of expression',
  ],
  [
    'an operator that JSONata 2.0.6 does not know',
    machine({ Output: '{% $states.result.rows ?? 0 %}' }),
    '/States/Train/Output: the expression does not compile: The symbol "?" cannot be used as a unary operator',
  ],
  [
    'blanks around an expression, which make it a literal',
    machine({ Output: ' {% 1 %}' }),
    '/States/Train/Output: an expression begins with "{%" and ends with "%}", without blanks around it',
  ],
  [
    'a placeholder that nothing replaces',
    machine({ Arguments: { FunctionName: '${EvaluateArn}' } }),
    '/States/Train/Arguments/FunctionName: nothing is substituted for ${EvaluateArn}',
  ],
  [
    'an error of ours that nothing throws',
    machine({ Retry: [retry, { ErrorEquals: ['Sluice.Typo'] }] }),
    '/States/Train/Retry[1]/ErrorEquals[0]: nothing throws "Sluice.Typo"',
  ],
  [
    'another query language',
    { ...machine(), QueryLanguage: 'JSONPath' },
    '/: QueryLanguage must be "JSONata" at the top',
  ],
])('lintStateMachine() reports %s', (_what, definition, problem) => {
  expect(lintStateMachine(JSON.parse(JSON.stringify(definition)), options)).toContain(problem);
});

test('lintStateMachine() looks into the branches of a Parallel and the items of a Map', () => {
  const inner = { StartAt: 'Nowhere', States: { Somewhere: { Type: 'Pass', End: true } } };
  const problems = lintStateMachine(
    {
      QueryLanguage: 'JSONata',
      StartAt: 'Both',
      States: {
        Both: { Type: 'Parallel', Branches: [inner], Next: 'Each' },
        Each: { Type: 'Map', ItemProcessor: inner, End: true },
      },
    },
    options,
  );
  expect(problems).toEqual([
    '/States/Both/Branches[0]/StartAt: there is no state "Nowhere"',
    '/States/Both/Branches[0]/States/Somewhere: no transition leads to this state',
    '/States/Each/ItemProcessor/StartAt: there is no state "Nowhere"',
    '/States/Each/ItemProcessor/States/Somewhere: no transition leads to this state',
  ]);
});

test('lintStateMachine() is content when the state around a task catches its failure', () => {
  const { Train, Failed } = machine().States;
  const unguarded = { ...Train, Catch: undefined };
  const definition = {
    QueryLanguage: 'JSONata',
    StartAt: 'Each',
    States: {
      Each: {
        Type: 'Map',
        ItemProcessor: { StartAt: 'Train', States: { Train: unguarded } },
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Failed' }],
        End: true,
      },
      Failed,
    },
  };
  expect(lintStateMachine(definition, options)).toEqual([]);
});
