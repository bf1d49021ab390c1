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
  {
    name: 'counts the items of a batch that failed, not the batches',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..4] %}',
        MaxConcurrency: 1,
        ItemBatcher: { MaxItemsPerBatch: 2 },
        ToleratedFailureCount: 1,
        ItemProcessor: choosy,
        End: true,
      },
    }),
    answers: [refused, { payload: 'b' }],
    expect: { status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' },
  },
  {
    name: 'keeps a batch within the bytes that it is given',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: ['aaaa', 'bbbb', 'cccc'],
        ItemBatcher: { MaxInputBytesPerBatch: 30 },
        ItemProcessor: pass,
        End: true,
      },
    }),
    expect: { output: [{ Items: ['aaaa', 'bbbb'] }, { Items: ['cccc'] }] },
  },
  {
    name: 'reads a list inside of a document',
    definition: machine({
      Each: {
        Type: 'Map',
        ItemReader: reader({ InputType: 'JSON', ItemsPointer: '/plan/objects' }),
        ItemSelector: { key: '{% $states.context.Map.Item.Value.key %}', at: '{% $states.context.Map.Item.Index %}' },
        ItemProcessor: pass,
        End: true,
      },
    }),
    input: { key: 'plan.json' },
    answers: [{ payload: { Body: '{"plan":{"objects":[{"key":"a","size":1},{"key":"b","size":2}]}}' } }],
    expect: {
      output: [
        { key: 'a', at: 0 },
        { key: 'b', at: 1 },
      ],
    },
  },
  {
    name: 'runs nothing for an empty list',
    definition: machine({
      Each: { Type: 'Map', ItemReader: reader({ InputType: 'JSON' }), ItemProcessor: pass, End: true },
    }),
    input: { key: 'none.json' },
    answers: [{ payload: { Body: '[]' } }],
    expect: { status: 'SUCCEEDED', output: [] },
  },
  {
    name: 'fails with an error that may be caught where the object cannot be read',
    definition: machine({
      Each: {
        Type: 'Map',
        ItemReader: reader({ InputType: 'JSON' }),
        ItemProcessor: pass,
        Catch: [
          { ErrorEquals: ['States.ItemReaderFailed'], Next: 'Caught', Output: '{% $states.errorOutput.Cause %}' },
        ],
        End: true,
      },
      Caught: { Type: 'Pass', End: true },
    }),
    input: { key: 'gone.json' },
    answers: [{ code: 'NoSuchKey', message: 'The specified key does not exist.', status: 404 }],
    expect: { status: 'SUCCEEDED', output: 'The specified key does not exist.' },
  },
  {
    name: 'flattens what its children give, when it is told to',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: [
          [1, 2],
          [3, 4],
        ],
        ResultWriter: { WriterConfig: { Transformation: 'FLATTEN', OutputType: 'JSON' } },
        ItemProcessor: pass,
        End: true,
      },
    }),
    expect: { output: [1, 2, 3, 4] },
  },
  {
    name: 'fails where its children give more than a state may hold',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: '{% [1..5] %}',
        ItemProcessor: processor({ Type: 'Pass', Output: "{% $pad('', 60000, 'x') %}", End: true }),
        End: true,
      },
    }),
    expect: { status: 'FAILED', error: 'States.DataLimitExceeded' },
  },
  {
    name: 'refuses a result writer that it does not have',
    definition: machine({
      Each: {
        Type: 'Map',
        Items: [1],
        ResultWriter: { WriterConfig: { Transformation: 'ZIP' } },
        ItemProcessor: pass,
        End: true,
      },
    }),
    expect: { status: 'FAILED', error: 'LocalCloudUnsupported' },
  },
];
