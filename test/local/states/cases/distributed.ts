import { type Case, invoke, machine } from './case.ts';

const processor = (state: Record<string, unknown>) => ({
  ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
  StartAt: 'Item',
  States: { Item: state },
});
const pass = processor({ Type: 'Pass', End: true });
const csv = 'name,size\nfirst,1\n"second, quoted",2\n';
const reader = (ReaderConfig: Record<string, unknown>) => ({
  Resource: 'arn:aws:states:::s3:getObject',
  Arguments: { Bucket: 'b', Key: '{% $states.input.key %}' },
  ReaderConfig,
});
const started = ['1 0 ExecutionStarted', '2 0 MapStateEntered Each', '3 2 MapStateStarted', '4 3 MapRunStarted'];
const choosy = processor(invoke({ Output: '{% $states.result.Payload %}' }));
const refused = { thrown: { errorType: 'Broken', errorMessage: 'no' } };

export const distributed: readonly Case[] = [
  {
    name: 'runs every item as an execution of its own',
    definition: machine({ Each: { Type: 'Map', Items: '{% [1..3] %}', ItemProcessor: pass, End: true } }),
    expect: {
      output: [1, 2, 3],
      events: [
        ...started,
        '5 4 MapRunSucceeded',
        '6 5 MapStateSucceeded',
        '7 4 MapStateExited Each',
        '8 7 ExecutionSucceeded',
      ],
    },
  },
  {
    name: 'puts items into batches with what they share',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..3] %}',
        ItemSelector: { n: '{% $states.context.Map.Item.Value %}' },
        ItemBatcher: { MaxItemsPerBatch: '{% $states.input.size %}', BatchInput: { from: 'all' } },
        ItemProcessor: pass,
        End: true,
      },
    }),
    input: { size: 2 },
    expect: {
      output: [
        { BatchInput: { from: 'all' }, Items: [{ n: 1 }, { n: 2 }] },
        { BatchInput: { from: 'all' }, Items: [{ n: 3 }] },
      ],
    },
  },
  {
    name: 'reads rows of a CSV object',
    definition: machine({
      Each: {
        Type: 'Map',
        ItemReader: reader({ InputType: 'CSV', CSVHeaderLocation: 'FIRST_ROW' }),
        ItemProcessor: pass,
        End: true,
      },
    }),
    input: { key: 'rows.csv' },
    answers: [{ payload: { Body: csv } }],
    expect: {
      output: [
        { name: 'first', size: '1' },
        { name: 'second, quoted', size: '2' },
      ],
    },
  },
  {
    name: 'reads lines of JSON, and no more than it is told to',
    definition: machine({
      Each: { Type: 'Map', ItemReader: reader({ InputType: 'JSONL', MaxItems: 2 }), ItemProcessor: pass, End: true },
    }),
    input: { key: 'rows.jsonl' },
    answers: [{ payload: { Body: '{"n":1}\n{"n":2}\n{"n":3}\n' } }],
    expect: { output: [{ n: 1 }, { n: 2 }] },
  },
  {
    name: 'fails where the object is no list',
    definition: machine({
      Each: { Type: 'Map', ItemReader: reader({ InputType: 'JSON' }), ItemProcessor: pass, End: true },
    }),
    input: { key: 'one.json' },
    answers: [{ payload: { Body: '{}' } }],
    expect: {
      error: 'States.ItemReaderFailed',
      cause: 'Attempting to map over non-iterable node.',
      events: [...started, '5 4 MapRunFailed', '6 5 MapStateFailed', '7 6 ExecutionFailed'],
    },
  },
  {
    name: 'goes on over as many failures as it tolerates',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..4] %}',
        MaxConcurrency: 1,
        ToleratedFailurePercentage: 25,
        ItemProcessor: choosy,
        End: true,
      },
    }),
    answers: [{ payload: 'a' }, refused, { payload: 'c' }, { payload: 'd' }],
    expect: { status: 'SUCCEEDED', output: ['a', 'c', 'd'] },
  },
  {
    name: 'fails beyond that',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..4] %}',
        MaxConcurrency: 1,
        ToleratedFailureCount: 1,
        ItemProcessor: choosy,
        End: true,
      },
    }),
    answers: [refused],
    expect: {
      status: 'FAILED',
      error: 'States.ExceedToleratedFailureThreshold',
      cause: 'The specified tolerated failure threshold was exceeded',
    },
  },
  {
    name: 'refuses a share of failures beyond all',
    definition: machine({
      Each: { Type: 'Map', Items: [1], ToleratedFailurePercentage: '{% 100.1 %}', ItemProcessor: pass, End: true },
    }),
    expect: { status: 'FAILED', error: 'States.QueryEvaluationError' },
  },
];
