import { type Case, invoke, machine } from './case.ts';

const caught = { Caught: { Type: 'Pass', Output: '{% $states.input %}', End: true } };
const thrown = (errorType: string, errorMessage = 'no') => ({ thrown: { errorType, errorMessage } });
const started = ['1 0 ExecutionStarted', '2 0 TaskStateEntered Call', '3 2 TaskScheduled', '4 3 TaskStarted'];

export const tasks: readonly Case[] = [
  {
    name: 'calls a function through the service integration',
    definition: machine({ Call: invoke() }),
    input: { a: 1 },
    answers: [{ payload: { b: 2 } }],
    expect: {
      output: { ExecutedVersion: '$LATEST', Payload: { b: 2 }, StatusCode: 200 },
      events: [...started, '5 4 TaskSucceeded', '6 5 TaskStateExited Call', '7 6 ExecutionSucceeded'],
    },
  },
  {
    name: 'calls a function by its ARN, with events of its own',
    definition: machine({
      Call: invoke({
        Resource: 'arn:aws:lambda:us-east-1:111111111111:function:work',
        Arguments: { n: '{% 1 + 1 %}' },
      }),
    }),
    answers: [{ payload: [1] }],
    expect: {
      output: [1],
      events: [
        '1 0 ExecutionStarted',
        '2 0 TaskStateEntered Call',
        '3 2 LambdaFunctionScheduled',
        '4 3 LambdaFunctionStarted',
        '5 4 LambdaFunctionSucceeded',
        '6 5 TaskStateExited Call',
        '7 6 ExecutionSucceeded',
      ],
    },
  },
  {
    name: 'fails by the name that the function threw, with its answer as the cause',
    definition: machine({ Call: invoke() }),
    answers: [thrown('Sluice.InvalidDataset', 'three columns')],
    expect: {
      status: 'FAILED',
      error: 'Sluice.InvalidDataset',
      cause: '{"errorType":"Sluice.InvalidDataset","errorMessage":"three columns"}',
      events: [...started, '5 4 TaskFailed', '6 5 ExecutionFailed'],
    },
  },
  {
    name: 'calls an answer without an error type unknown',
    definition: machine({ Call: invoke() }),
    answers: [{ thrown: { errorMessage: 'gone' } }],
    expect: {
      error: 'Lambda.Unknown',
      cause:
        'The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorMessage":"gone"}',
    },
  },
  {
    name: 'words errors of the service as the first generation of the SDK does',
    definition: machine({ Call: invoke() }),
    answers: [{ code: 'AccessDeniedException', message: 'not allowed', status: 403 }],
    expect: { error: 'Lambda.AWSLambdaException' },
  },
  {
    name: 'names optimized and SDK integrations of DynamoDB differently',
    definition: machine({
      Put: {
        Type: 'Task',
        Resource: 'arn:aws:states:::dynamodb:putItem',
        Arguments: { TableName: 't', Item: {} },
        Catch: [{ ErrorEquals: ['DynamoDB.ConditionalCheckFailedException'], Next: 'Get' }],
        End: true,
      },
      Get: {
        Type: 'Task',
        Resource: 'arn:aws:states:::aws-sdk:dynamodb:getItem',
        Arguments: { TableName: 't', Key: {} },
        Catch: [{ ErrorEquals: ['DynamoDb.ResourceNotFoundException'], Next: 'Both' }],
        End: true,
      },
      Both: { Type: 'Succeed' },
    }),
    answers: [
      { code: 'ConditionalCheckFailedException', message: 'no' },
      { code: 'ResourceNotFoundException', message: 'no' },
    ],
    expect: { status: 'SUCCEEDED', includes: ['TaskFailed', 'TaskFailed', 'SucceedStateExited Both'] },
  },
  {
    name: 'fails a task of which one event was refused',
    definition: machine({
      Call: {
        Type: 'Task',
        Resource: 'arn:aws:states:::events:putEvents',
        Arguments: { Entries: [{}, {}] },
        End: true,
      },
    }),
    answers: [{ payload: { Entries: [{ EventId: '1' }, { ErrorCode: 'MalformedDetail' }], FailedEntryCount: 1 } }],
    expect: {
      error: 'EventBridge.FailedEntry',
      cause: '{"Entries":[{"EventId":"1"},{"ErrorCode":"MalformedDetail"}],"FailedEntryCount":1}',
    },
  },
  {
    name: 'retries with a delay that grows up to its limit',
    definition: machine({
      Call: invoke({
        Retry: [{ ErrorEquals: ['Busy'], IntervalSeconds: 10, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 60 }],
      }),
    }),
    answers: [thrown('Busy'), thrown('Busy'), thrown('Busy'), { payload: 'done' }],
    expect: { status: 'SUCCEEDED', seconds: 10 + 30 + 60 },
  },
  {
    name: 'gives up when the retrier that matches has no attempts left, and catches',
    definition: machine({
      Call: invoke({
        Retry: [
          { ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 1 },
          { ErrorEquals: ['States.ALL'], MaxAttempts: 9 },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Output: { failed: '{% $states.errorOutput.Error %}' }, Next: 'Caught' }],
      }),
      ...caught,
    }),
    answers: [thrown('Busy')],
    expect: {
      output: { failed: 'Busy' },
      events: [
        ...started,
        '5 4 TaskFailed',
        '6 5 TaskScheduled',
        '7 6 TaskStarted',
        '8 7 TaskFailed',
        '9 8 TaskStateExited Call',
        '10 9 PassStateEntered Caught',
        '11 10 PassStateExited Caught',
        '12 11 ExecutionSucceeded',
      ],
    },
  },
  {
    name: 'knows how often it has tried',
    definition: machine({
      Call: invoke({
        Retry: [{ ErrorEquals: ['States.TaskFailed'] }],
        Output: '{% $states.context.State.RetryCount %}',
      }),
    }),
    answers: [thrown('Busy'), thrown('Busy'), { payload: null }],
    expect: { output: 2, seconds: 1 + 2 },
  },
  {
    name: 'gives up a task that takes too long; States.TaskFailed does not cover it',
    definition: machine({
      Call: invoke({
        TimeoutSeconds: 5,
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
          { ErrorEquals: ['States.Timeout'], Next: 'Caught' },
        ],
      }),
      ...caught,
      Wrong: { Type: 'Fail' },
    }),
    answers: [{ seconds: 60 }],
    expect: {
      output: { Error: 'States.Timeout', Cause: '' },
      includes: ['TaskScheduled', 'TaskTimedOut', 'TaskStateExited Call'],
    },
  },
  {
    name: 'fails a task whose result is too large, which only its own name catches',
    definition: machine({
      Call: invoke({
        Catch: [
          { ErrorEquals: ['States.TaskFailed'], Next: 'Wrong' },
          { ErrorEquals: ['States.DataLimitExceeded'], Next: 'Caught' },
        ],
      }),
      ...caught,
      Wrong: { Type: 'Fail' },
    }),
    answers: [{ payload: 'é'.repeat(140_000) }],
    expect: {
      output: {
        Error: 'States.DataLimitExceeded',
        Cause:
          "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
      },
    },
  },
  {
    name: 'may catch a failed evaluation: the task is then never scheduled',
    definition: machine({
      Call: invoke({
        Arguments: { FunctionName: '{% $missing %}' },
        Catch: [{ ErrorEquals: ['States.QueryEvaluationError'], Output: 'caught', Next: 'Caught' }],
      }),
      ...caught,
    }),
    expect: {
      output: 'caught',
      events: [
        '1 0 ExecutionStarted',
        '2 0 TaskStateEntered Call',
        '3 0 EvaluationFailed',
        '4 3 TaskStateExited Call',
        '5 4 PassStateEntered Caught',
        '6 5 PassStateExited Caught',
        '7 6 ExecutionSucceeded',
      ],
    },
  },
];
