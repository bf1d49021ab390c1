import { type Case, invoke, machine } from './case.ts';

export const flow: readonly Case[] = [
  {
    name: 'assigns what later states see, all at once and with the old values',
    definition: machine({
      First: { Type: 'Pass', Assign: { a: 1, b: 2 }, Next: 'Swap' },
      Swap: { Type: 'Pass', Assign: { a: '{% $b %}', b: '{% $a %}' }, Output: '{% [$a, $b] %}', Next: 'Last' },
      Last: { Type: 'Succeed', Output: { before: '{% $states.input %}', after: '{% [$a, $b] %}' } },
    }),
    expect: { output: { before: [1, 2], after: [2, 1] } },
  },
  {
    name: 'takes the first choice that holds, with its own Assign and Output',
    definition: machine({
      Which: {
        Type: 'Choice',
        Choices: [
          { Condition: '{% $states.input.n > 10 %}', Next: 'Big' },
          { Condition: '{% $states.input.n > 5 %}', Assign: { size: 'middle' }, Output: 'chosen', Next: 'Big' },
        ],
        Default: 'Small',
      },
      Big: { Type: 'Pass', Output: '{% $states.input & " " & $size %}', End: true },
      Small: { Type: 'Fail' },
    }),
    input: { n: 7 },
    expect: {
      output: 'chosen middle',
      events: [
        '1 0 ExecutionStarted',
        '2 0 ChoiceStateEntered Which',
        '3 2 ChoiceStateExited Which',
        '4 3 PassStateEntered Big',
        '5 4 PassStateExited Big',
        '6 5 ExecutionSucceeded',
      ],
    },
  },
  {
    name: 'refuses a condition that is not a boolean',
    definition: machine({
      Which: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n %}', Next: 'End' }], Default: 'End' },
      End: { Type: 'Succeed' },
    }),
    input: { n: 7 },
    expect: {
      status: 'FAILED',
      error: 'States.QueryEvaluationError',
      cause:
        "An error occurred while executing the state 'Which' (entered at the event id #2). The JSONata expression '$states.input.n' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 7",
    },
  },
  {
    name: 'ends at once where no choice holds and there is no default',
    definition: machine({
      Both: {
        Type: 'Parallel',
        Branches: [
          {
            StartAt: 'Which',
            States: {
              Which: { Type: 'Choice', Choices: [{ Condition: '{% false %}', Next: 'End' }] },
              End: { Type: 'Succeed' },
            },
          },
        ],
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
        Next: 'Caught',
      },
      Caught: { Type: 'Succeed' },
    }),
    expect: {
      error: 'States.Runtime',
      cause:
        "An error occurred while executing the state 'Which' (entered at the event id #4). Failed to transition out of the state. The state does not point to a next state.",
      events: [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered Both',
        '3 2 ParallelStateStarted',
        '4 3 ChoiceStateEntered Which',
        '5 4 ExecutionFailed',
      ],
    },
  },
  {
    name: 'waits for seconds of the cloud and then until a time',
    definition: machine({
      Seconds: { Type: 'Wait', Seconds: '{% $states.input.days * 86400 %}', Next: 'Until' },
      Until: { Type: 'Wait', Timestamp: '2030-01-11T00:00:00Z', End: true },
    }),
    input: { days: 3 },
    expect: { status: 'SUCCEEDED', output: { days: 3 }, seconds: 10 * 86_400 },
  },
  {
    name: 'does not wait for a time without an offset',
    definition: machine({ Until: { Type: 'Wait', Timestamp: '{% $states.input %}', End: true } }),
    input: '2030-01-11T00:00:00',
    expect: {
      error: 'States.QueryEvaluationError',
      events: ['1 0 ExecutionStarted', '2 0 WaitStateEntered Until', '3 2 EvaluationFailed', '4 3 ExecutionFailed'],
    },
  },
  {
    name: 'fails with an error and a cause that are evaluated',
    definition: machine({ Stop: { Type: 'Fail', Error: '{% $states.input.e %}', Cause: 'because' } }),
    input: { e: 'Mine' },
    expect: {
      status: 'FAILED',
      error: 'Mine',
      cause: 'because',
      events: ['1 0 ExecutionStarted', '2 0 FailStateEntered Stop', '3 2 ExecutionFailed'],
    },
  },
  {
    name: 'ends an execution that outlives its machine, in the time that others make pass',
    definition: machine({ Long: { Type: 'Wait', Seconds: 100, End: true } }, { TimeoutSeconds: 10 }),
    expect: {
      status: 'TIMED_OUT',
      error: undefined,
      events: ['1 0 ExecutionStarted', '2 0 WaitStateEntered Long', '3 0 ExecutionTimedOut'],
      seconds: 10,
    },
  },
  {
    name: 'keeps only what a state is told to give',
    definition: machine({
      Call: invoke({
        Assign: { size: '{% $states.result.Payload.size %}' },
        Output: { ok: true },
        End: undefined,
        Next: 'Then',
      }),
      Then: { Type: 'Pass', Output: { size: '{% $size %}', input: '{% $states.input %}' }, End: true },
    }),
    answers: [{ payload: { size: 9, big: 'data' } }],
    expect: { output: { size: 9, input: { ok: true } } },
  },
];
