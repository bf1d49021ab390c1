import { Unsupported } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { Pipeline } from '../pipeline.ts';
import type { StreamBook, StreamRecord } from '../streams.ts';
import { onlyKnown } from './input.ts';

const PAGE = 10;

export function streamOperations(book: StreamBook, pipeline: Pipeline): Record<string, Operation> {
  const onStream = (action: string) => (input: Document) => [
    { action: `firehose:${action}`, resource: book.arn(String(input.DeliveryStreamName)) },
  ];
  return {
    CreateDeliveryStream: {
      access: (input) => [
        ...onStream('CreateDeliveryStream')(input),
        ...rolesOf(input.ExtendedS3DestinationConfiguration as Document | undefined),
      ],
      async handle(input) {
        const own = ['ExtendedS3DestinationConfiguration', 'DeliveryStreamEncryptionConfigurationInput'];
        onlyKnown('CreateDeliveryStream', input, ['DeliveryStreamName', 'DeliveryStreamType', ...own]);
        onlyDirectPut(input.DeliveryStreamType);
        const stream = book.create(String(input.DeliveryStreamName), {
          configuration: (input.ExtendedS3DestinationConfiguration ?? {}) as Document,
          encryption: input.DeliveryStreamEncryptionConfigurationInput as Document | undefined,
        });
        return { DeliveryStreamARN: stream.arn };
      },
    },
    DescribeDeliveryStream: {
      access: onStream('DescribeDeliveryStream'),
      async handle(input) {
        onlyKnown('DescribeDeliveryStream', input, ['DeliveryStreamName', 'Limit', 'ExclusiveStartDestinationId']);
        return { DeliveryStreamDescription: description(book.get(input.DeliveryStreamName)) };
      },
    },
    ListDeliveryStreams: {
      access: () => [{ action: 'firehose:ListDeliveryStreams', resource: '*' }],
      async handle(input) {
        const known = ['DeliveryStreamType', 'ExclusiveStartDeliveryStreamName', 'Limit'];
        onlyKnown('ListDeliveryStreams', input, known);
        const { Limit = PAGE, ExclusiveStartDeliveryStreamName: after = '', DeliveryStreamType: type } = input;
        const all = type === undefined || type === 'DirectPut' ? book.names() : [];
        const rest = all.filter((name) => name > String(after));
        const page = rest.slice(0, Number(Limit));
        return { DeliveryStreamNames: page, HasMoreDeliveryStreams: page.length < rest.length };
      },
    },
    DeleteDeliveryStream: {
      access: onStream('DeleteDeliveryStream'),
      async handle(input) {
        onlyKnown('DeleteDeliveryStream', input, ['DeliveryStreamName', 'AllowForceDelete']);
        book.delete(String(input.DeliveryStreamName));
        pipeline.drop(String(input.DeliveryStreamName));
        return {};
      },
    },
  };
}

/** Sources beside records that are put. */
export function onlyDirectPut(type: unknown = 'DirectPut'): void {
  if (type !== 'DirectPut') throw new Unsupported(`Firehose streams of the type ${String(type)}`);
}

function rolesOf({ RoleARN }: Document = {}) {
  if (RoleARN === undefined) return [];
  const context = { 'iam:PassedToService': 'firehose.amazonaws.com' };
  return [{ action: 'iam:PassRole', resource: String(RoleARN), context }];
}

function description(stream: StreamRecord): Document {
  const { name, arn, version, createdAt, updatedAt, configuration, destination, encryption } = stream;
  const s3 = {
    RoleARN: destination.roleArn,
    BucketARN: destination.bucketArn,
    Prefix: destination.prefix || undefined,
    ErrorOutputPrefix: destination.errorPrefix || undefined,
    BufferingHints: {
      SizeInMBs: destination.bufferBytes / 1024 ** 2,
      IntervalInSeconds: destination.bufferMs / 1_000,
    },
    CompressionFormat: destination.gzip ? 'GZIP' : 'UNCOMPRESSED',
    EncryptionConfiguration: configuration.EncryptionConfiguration ?? { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions: configuration.CloudWatchLoggingOptions ?? { Enabled: false },
  };
  const extended = {
    ...s3,
    ProcessingConfiguration: configuration.ProcessingConfiguration ?? { Enabled: false, Processors: [] },
    DynamicPartitioningConfiguration: configuration.DynamicPartitioningConfiguration,
    FileExtension: configuration.FileExtension,
    S3BackupMode: 'Disabled',
  };
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: arn,
    DeliveryStreamStatus: 'ACTIVE',
    DeliveryStreamType: 'DirectPut',
    DeliveryStreamEncryptionConfiguration: encryption ? { ...encryption, Status: 'ENABLED' } : { Status: 'DISABLED' },
    VersionId: String(version),
    CreateTimestamp: new Date(createdAt),
    LastUpdateTimestamp: version > 1 ? new Date(updatedAt) : undefined,
    Destinations: [
      {
        DestinationId: 'destinationId-000000000001',
        S3DestinationDescription: s3,
        ExtendedS3DestinationDescription: extended,
      },
    ],
    HasMoreDestinations: false,
  };
}
