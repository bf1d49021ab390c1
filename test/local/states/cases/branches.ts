import { type Case, invoke, machine } from './case.ts';

const one = (name: string, state: Record<string, unknown>) => ({ StartAt: name, States: { [name]: state } });
const pass = (name: string, output: unknown = '{% $states.input %}') =>
  one(name, { Type: 'Pass', Output: output, End: true });
const thrown = { thrown: { errorType: 'Broken', errorMessage: 'no' } };

export const branches: readonly Case[] = [
  {
    name: 'runs the branches of a Parallel on its arguments and collects what they give in order',
    definition: machine({
      Both: {
        Type: 'Parallel',
        Arguments: { n: '{% $states.input + 1 %}' },
        Branches: [one('Slow', { Type: 'Wait', Seconds: 5, End: true }), pass('Fast', '{% $states.input.n * 2 %}')],
        End: true,
      },
    }),
    input: 1,
    expect: {
      output: [{ n: 2 }, 4],
      events: [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered Both',
        '3 2 ParallelStateStarted',
        '4 3 WaitStateEntered Slow',
        '5 3 PassStateEntered Fast',
        '6 5 PassStateExited Fast',
        '7 4 WaitStateExited Slow',
        '8 7 ParallelStateSucceeded',
        '9 7 ParallelStateExited Both',
        '10 9 ExecutionSucceeded',
      ],
      seconds: 5,
    },
  },
  {
    name: 'gives up the other branches when one fails, and catches',
    definition: machine({
      Both: {
        Type: 'Parallel',
        Branches: [one('Never', { Type: 'Wait', Seconds: 500, End: true }), one('Call', invoke())],
        Catch: [{ ErrorEquals: ['Broken'], Output: 'caught', Next: 'After' }],
        End: true,
      },
      After: { Type: 'Succeed' },
    }),
    answers: [thrown],
    expect: {
      output: 'caught',
      events: [
        '1 0 ExecutionStarted',
        '2 0 ParallelStateEntered Both',
        '3 2 ParallelStateStarted',
        '4 3 WaitStateEntered Never',
        '5 3 TaskStateEntered Call',
        '6 5 TaskScheduled',
        '7 6 TaskStarted',
        '8 7 TaskFailed',
        '9 8 TaskStateAborted',
        '10 8 WaitStateAborted',
        '11 8 ParallelStateFailed',
        '12 11 ParallelStateExited Both',
        '13 12 SucceedStateEntered After',
        '14 13 SucceedStateExited After',
        '15 14 ExecutionSucceeded',
      ],
      seconds: 0,
    },
  },
  {
    name: 'lets a branch read the variables around it and keeps its own inside',
    definition: machine({
      Set: { Type: 'Pass', Assign: { outer: 1 }, Next: 'Both' },
      Both: {
        Type: 'Parallel',
        Branches: [one('Inner', { Type: 'Pass', Assign: { mine: 2 }, Output: '{% $outer %}', End: true })],
        Next: 'After',
      },
      After: { Type: 'Pass', Output: { result: '{% $states.input %}', mine: '{% $exists($mine) %}' }, End: true },
    }),
    expect: { output: { result: [1], mine: false } },
  },
  {
    name: 'goes through a Map one item after the other when told so',
    definition: machine({
      Each: {
        Type: 'Map',
        MaxConcurrency: 1,
        Items: '{% $states.input.list %}',
        ItemSelector: { at: '{% $states.context.Map.Item.Index %}', is: '{% $states.context.Map.Item.Value %}' },
        ItemProcessor: pass('Item', '{% $states.input.is & $string($states.context.Map.Item.Index) %}'),
        End: true,
      },
    }),
    input: { list: ['a', 'b'] },
    expect: {
      output: ['a0', 'b1'],
      events: [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered Each',
        '3 2 MapStateStarted',
        '4 3 MapIterationStarted Each',
        '5 4 PassStateEntered Item',
        '6 5 PassStateExited Item',
        '7 6 MapIterationSucceeded Each',
        '8 6 MapIterationStarted Each',
        '9 8 PassStateEntered Item',
        '10 9 PassStateExited Item',
        '11 10 MapIterationSucceeded Each',
        '12 11 MapStateSucceeded',
        '13 11 MapStateExited Each',
        '14 13 ExecutionSucceeded',
      ],
    },
  },
  {
    name: 'runs forty iterations at a time at most',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..81] %}',
        ItemProcessor: one('Rest', { Type: 'Wait', Seconds: 10, End: true }),
        Output: '{% $count($states.result) %}',
        End: true,
      },
    }),
    expect: { output: 81, seconds: 30 },
  },
  {
    name: 'tries a Map again as a whole',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: [1],
        ItemProcessor: one('Call', invoke()),
        Retry: [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }],
        Output: '{% $states.result.Payload %}',
        End: true,
      },
    }),
    answers: [thrown, { payload: 'fine' }],
    expect: {
      output: 'fine',
      includes: [
        'MapStateStarted',
        'MapIterationFailed Each',
        'TaskStateAborted',
        'MapStateStarted',
        'MapIterationSucceeded Each',
        'MapStateExited Each',
      ],
    },
  },
  {
    name: 'gives up the other iterations when one fails',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: [1, 500],
        ItemProcessor: {
          StartAt: 'Waits',
          States: {
            Waits: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'Fails?' },
            'Fails?': {
              Type: 'Choice',
              Choices: [{ Condition: '{% $states.input = 1 %}', Next: 'Fails' }],
              Default: 'Ends',
            },
            Fails: { Type: 'Fail', Error: 'Broken' },
            Ends: { Type: 'Succeed' },
          },
        },
        End: true,
      },
    }),
    expect: {
      status: 'FAILED',
      error: 'Broken',
      includes: [
        'MapIterationFailed Each',
        'MapIterationAborted Each',
        'WaitStateAborted',
        'MapStateFailed',
        'ExecutionFailed',
      ],
      seconds: 1,
    },
  },
  {
    name: 'refuses to go through what is no array',
    definition: machine({ Each: { Type: 'Map', Items: '{% 1 %}', ItemProcessor: pass('Item'), End: true } }),
    expect: {
      error: 'States.QueryEvaluationError',
      cause:
        "An error occurred while executing the state 'Each' (entered at the event id #2). The JSONata expression '1' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was 'number' for value: 1",
      events: [
        '1 0 ExecutionStarted',
        '2 0 MapStateEntered Each',
        '3 0 EvaluationFailed',
        '4 3 MapStateFailed',
        '5 4 ExecutionFailed',
      ],
    },
  },
];
