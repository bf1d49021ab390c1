import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  type DeliveryStreamEncryptionConfigurationInput,
  DescribeDeliveryStreamCommand,
  ListDeliveryStreamsCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document } from '../../../local/kernel/service.ts';
import { awsCli, hasAwsCli } from '../../support/aws-cli.ts';
import { type FirehoseCloud, FUNCTION, firehoseCloud, partitioned, ROLE } from '../../support/firehose-cloud.ts';

const DeliveryStreamName = 'capture';
let cloud: FirehoseCloud;
beforeEach(async () => {
  cloud = await firehoseCloud();
});
afterEach(() => cloud.stop());

const lambda = (parameters: Record<string, string>) => ({
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      {
        Type: 'Lambda',
        Parameters: Object.entries({ LambdaArn: FUNCTION, ...parameters }).map(([ParameterName, ParameterValue]) => ({
          ParameterName,
          ParameterValue,
        })),
      },
    ],
  },
});

describe('streams', () => {
  test('are described with what they were given', async () => {
    await cloud.create(partitioned);
    const answer = await cloud.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
    const { DeliveryStreamDescription: description } = answer;
    expect(description).toMatchObject({
      DeliveryStreamARN: 'arn:aws:firehose:us-east-1:000000000000:deliverystream/capture',
      DeliveryStreamStatus: 'ACTIVE',
      DeliveryStreamType: 'DirectPut',
      VersionId: '1',
      HasMoreDestinations: false,
    });
    expect(description?.Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject({
      RoleARN: ROLE,
      BucketARN: 'arn:aws:s3:::data',
      CompressionFormat: 'UNCOMPRESSED',
      BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 300 },
      DynamicPartitioningConfiguration: { Enabled: true },
      ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'Lambda' }] },
    });
  });

  test('are encrypted by a key that is there', async () => {
    const create = (encryption: object) =>
      cloud.firehose.send(
        new CreateDeliveryStreamCommand({
          DeliveryStreamName,
          ExtendedS3DestinationConfiguration: { RoleARN: ROLE, BucketARN: 'arn:aws:s3:::data' },
          DeliveryStreamEncryptionConfigurationInput: encryption as DeliveryStreamEncryptionConfigurationInput,
        }),
      );
    await expect(create({ KeyType: 'CUSTOMER_MANAGED_CMK' })).rejects.toMatchObject({
      name: 'InvalidArgumentException',
    });
    const gone = { KeyType: 'CUSTOMER_MANAGED_CMK', KeyARN: 'arn:aws:kms:us-east-1:000000000000:key/none' };
    await expect(create(gone)).rejects.toThrow('key/none');
    await create({ KeyType: 'AWS_OWNED_CMK' });
    const { DeliveryStreamDescription } = await cloud.firehose.send(
      new DescribeDeliveryStreamCommand({ DeliveryStreamName }),
    );
    expect(DeliveryStreamDescription?.DeliveryStreamEncryptionConfiguration).toEqual({
      KeyType: 'AWS_OWNED_CMK',
      Status: 'ENABLED',
    });
    const Record = { Data: Buffer.from('1') };
    const { Encrypted } = await cloud.firehose.send(new PutRecordCommand({ DeliveryStreamName, Record }));
    expect(Encrypted).toBe(true);
  });

  test('are listed and deleted, and made only once', async () => {
    await cloud.create();
    await expect(cloud.create()).rejects.toMatchObject({ name: 'ResourceInUseException' });
    const list = async () => (await cloud.firehose.send(new ListDeliveryStreamsCommand({}))).DeliveryStreamNames;
    expect(await list()).toEqual(['capture']);
    await cloud.firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName }));
    expect(await list()).toEqual([]);
    const describeAgain = cloud.firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
    await expect(describeAgain).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('need a role that lets Firehose in for them', async () => {
    const refused = { name: 'InvalidArgumentException', message: expect.stringContaining('unable to assume role') };
    cloud.trust('arn:aws:firehose:us-east-1:000000000000:deliverystream/other');
    await expect(cloud.create()).rejects.toMatchObject(refused);
    cloud.trust('arn:aws:firehose:us-east-1:000000000000:deliverystream/capture');
    await expect(cloud.create()).resolves.toBeUndefined();
  });
});

describe('a destination is refused', () => {
  const refusals: [string, Document, string][] = [
    ['with a buffer too small for partitions', { BufferingHints: { SizeInMBs: 5 } }, 'must be at least 64'],
    ['without a place for errors', { ErrorOutputPrefix: undefined }, 'ErrorOutputPrefix cannot be null or empty'],
    ['that does not tell errors apart', { ErrorOutputPrefix: 'e/!{timestamp:yyyy}/' }, 'error-output-type'],
    ['whose partitions go nowhere', { Prefix: 'a/' }, 'Prefix must contain partition keys'],
    [
      'with keys and no partitions',
      { DynamicPartitioningConfiguration: { Enabled: false } },
      'cannot contain partition',
    ],
    ['with an expression that is none', { Prefix: '!{shape:round}/' }, 'is not valid'],
    ['with too many retries', lambda({ NumberOfRetries: '301' }), 'NumberOfRetries must be between 0 and 300'],
  ];
  test.each(refusals)('%s', async (_what, change, message) => {
    const refused = cloud.create({ ...partitioned, ...change });
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: expect.stringContaining(message),
    });
  });

  const unsupported: [string, Document][] = [
    ['queries', { Prefix: '!{partitionKeyFromQuery:a}/' }],
    ['other compressions', { CompressionFormat: 'Snappy' }],
    ['a backup of the source', { S3BackupMode: 'Enabled' }],
    ['other parameters of a processor', lambda({ Other: '1' })],
    ['other processors', { ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'Decompression' }] } }],
    ['members that nobody reads', { S3BackupConfiguration: { RoleARN: ROLE, BucketARN: 'arn:aws:s3:::data' } }],
  ];
  test.each(unsupported)('by name, when it asks for %s', async (_what, change) => {
    await expect(cloud.create({ ...partitioned, ...change })).rejects.toMatchObject({ name: 'LocalCloudUnsupported' });
  });
});

describe('records', () => {
  beforeEach(() => cloud.create());
  const batch = (...records: string[]) =>
    cloud.firehose.send(
      new PutRecordBatchCommand({ DeliveryStreamName, Records: records.map((data) => ({ Data: Buffer.from(data) })) }),
    );

  test('get an id each', async () => {
    const one = await cloud.firehose.send(
      new PutRecordCommand({ DeliveryStreamName, Record: { Data: Buffer.from('1') } }),
    );
    const { RequestResponses = [], FailedPutCount } = await batch('2', '3');
    const ids = [one.RecordId, ...RequestResponses.map(({ RecordId }) => RecordId)];
    expect(new Set(ids).size).toBe(3);
    expect(FailedPutCount).toBe(0);
  });

  test('are refused when they are too many or too large, and all of a batch with them', async () => {
    await expect(batch(...Array.from({ length: 501 }, () => 'x'))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(batch()).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(batch('x'.repeat(1_024_001))).rejects.toMatchObject({ name: 'ValidationException' });
    const five = Array.from({ length: 5 }, () => 'x'.repeat(1_000_000));
    await expect(batch(...five)).rejects.toMatchObject({ name: 'InvalidArgumentException' });
    await cloud.clock.advance(600_000);
    expect(await cloud.objects()).toEqual({});
  });

  test('are counted', async () => {
    await batch('one', 'two');
    await cloud.clock.advance(600_000);
    const { context } = cloud.kernel;
    const sum = (MetricName: string) =>
      context.clock.run('test', async (work) => {
        const Dimensions = [{ Name: 'DeliveryStreamName', Value: DeliveryStreamName }];
        const now = context.clock.now() / 1_000;
        const range = { StartTime: now - 3_600, EndTime: now + 60, Period: 86_400, Statistics: ['Sum'] };
        const input = { Namespace: 'AWS/Firehose', MetricName, Dimensions, ...range };
        const answer = await context.call({ kind: 'cloud' }, 'monitoring', 'GetMetricStatistics', input, work);
        return (answer.Datapoints as { Sum: number }[])[0]?.Sum;
      });
    expect(await sum('IncomingRecords')).toBe(2);
    expect(await sum('IncomingBytes')).toBe(6);
    expect(await sum('DeliveryToS3.Records')).toBe(2);
    expect(await sum('DeliveryToS3.Success')).toBe(1);
  });

  test.skipIf(!hasAwsCli())('come from the aws command', async () => {
    const aws = awsCli(cloud.client.endpoint);
    await aws('firehose', 'put-record', '--delivery-stream-name', DeliveryStreamName, '--record', '{"Data":"b25l"}');
    await cloud.clock.advance(600_000);
    // The second version of the command takes base64, the first one text.
    expect(['one', 'b25l']).toContain(Object.values(await cloud.objects())[0]);
    expect(JSON.parse(await aws('firehose', 'list-delivery-streams')).DeliveryStreamNames).toEqual(['capture']);
  });
});
