import { type Case, machine } from './case.ts';

const pass = (output: unknown) => machine({ Only: { Type: 'Pass', Output: output, End: true } });
const failing = (cause: string) => ({
  status: 'FAILED',
  error: 'States.QueryEvaluationError',
  cause: `An error occurred while executing the state 'Only' (entered at the event id #2). ${cause}`,
});

export const expressions: readonly Case[] = [
  {
    name: 'replaces expressions wherever they stand and leaves literals alone',
    definition: pass({ sum: '{% $sum($states.input.n) %}', list: [1, '{% 1 + 1 %}'], text: ' {% 1 %}', path: '$.n' }),
    input: { n: [1, 2, 3] },
    expect: { status: 'SUCCEEDED', output: { sum: 6, list: [1, 2], text: ' {% 1 %}', path: '$.n' } },
  },
  {
    name: 'fails where an expression gives nothing, naming the place in an array',
    definition: pass({ rows: ['{% $states.input.missing %}'] }),
    expect: failing(
      "The JSONata expression '$states.input.missing' specified for the field 'Output/rows[0]' returned nothing (undefined).",
    ),
  },
  {
    name: "repeats JSONata's own code and message",
    definition: pass("{% $sum('a') %}"),
    expect: failing(
      "The JSONata expression '$sum('a')' specified for the field 'Output' threw an error during evaluation. T0412: Argument 1 of function \"sum\" must be an array of \"numbers\"",
    ),
  },
  {
    name: 'has no $eval',
    definition: pass("{% $eval('1') %}"),
    expect: failing(
      "The JSONata expression '$eval('1')' specified for the field 'Output' threw an error during evaluation. T1006: Attempted to invoke a non-function",
    ),
  },
  {
    name: "offers the service's own functions",
    definition: pass({
      partition: '{% $partition([1, 2, 3], 2) %}',
      range: '{% $range(0, 6, 2) %}',
      truncated: '{% $range(-1.7, 2, 1) %}',
      hash: "{% $hash('input', 'SHA-1') %}",
      random: '{% $random(42) %}',
      parsed: '{% $parse(\'{"a": [1]}\').a %}',
      uuid: '{% $length($uuid()) %}',
    }),
    expect: {
      output: {
        partition: [[1, 2], [3]],
        range: [0, 2, 4, 6],
        truncated: [-1, 0, 1, 2],
        hash: '140f86aae51ab9e1cda9b4254fe98a74eb54c1a1',
        random: 0.7275636800328681,
        parsed: [1],
        uuid: 36,
      },
    },
  },
  {
    name: 'stops a recursion that does not end',
    definition: pass('{% ($f := function($n) { 1 + $f($n) }; $f(1)) %}'),
    expect: failing(
      "The JSONata expression '($f := function($n) { 1 + $f($n) }; $f(1))' specified for the field 'Output' threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive.",
    ),
  },
  {
    name: 'stops an expression that takes too much memory',
    definition: pass('{% $sum([1..900000]) %}'),
    expect: failing(
      "The JSONata expression '$sum([1..900000])' specified for the field 'Output' threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ),
  },
  {
    name: 'sees the context object and the time of the cloud',
    definition: pass({
      machine: '{% $states.context.StateMachine.Name %}',
      state: '{% $states.context.State.Name %}',
      input: '{% $states.context.Execution.Input.a %}',
      entered: '{% $substringBefore($states.context.State.EnteredTime, "T") %}',
      now: '{% $substringBefore($now(), "T") %}',
    }),
    input: { a: 1 },
    expect: {
      output: { machine: 'machine-1', state: 'Only', input: 1, entered: '2030-01-01', now: '2030-01-01' },
    },
  },
  {
    name: 'refuses an output beyond 256 KiB',
    definition: pass("{% $pad('', 262143, 'x') %}"),
    expect: {
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      cause: "The state/task 'Only' returned a result with a size exceeding the maximum number of bytes service limit.",
      events: ['1 0 ExecutionStarted', '2 0 PassStateEntered Only', '3 2 ExecutionFailed'],
    },
  },
];
