import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { checkPrefixes } from './prefix.ts';

/** What a stream does with its records, as it was given and checked. */
export interface Destination {
  readonly roleArn: string;
  readonly bucketArn: string;
  readonly prefix: string;
  readonly errorPrefix: string;
  readonly gzip: boolean;
  readonly fileExtension: string;
  readonly kmsKeyArn: string | null;
  readonly partitioned: boolean;
  readonly bufferBytes: number;
  readonly bufferMs: number;
  readonly delimiter: string;
  readonly processor: LambdaProcessor | null;
  readonly errorLog: { readonly group: string; readonly stream: string } | null;
}

export interface LambdaProcessor {
  readonly functionArn: string;
  readonly roleArn: string;
  readonly retries: number;
  readonly bufferBytes: number;
  readonly bufferMs: number;
}

const MB = 1024 ** 2;

/** Members that are read; any other stops with its name. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  '': [
    'BucketARN',
    'BufferingHints',
    'CloudWatchLoggingOptions',
    'CompressionFormat',
    'CustomTimeZone',
    'DataFormatConversionConfiguration',
    'DynamicPartitioningConfiguration',
    'EncryptionConfiguration',
    'ErrorOutputPrefix',
    'FileExtension',
    'Prefix',
    'ProcessingConfiguration',
    'RoleARN',
    'S3BackupMode',
  ],
  BufferingHints: ['IntervalInSeconds', 'SizeInMBs'],
  CloudWatchLoggingOptions: ['Enabled', 'LogGroupName', 'LogStreamName'],
  DataFormatConversionConfiguration: ['Enabled'],
  DynamicPartitioningConfiguration: ['Enabled', 'RetryOptions'],
  EncryptionConfiguration: ['KMSEncryptionConfig', 'NoEncryptionConfig'],
  ProcessingConfiguration: ['Enabled', 'Processors'],
};
const LAMBDA_PARAMETERS = ['LambdaArn', 'RoleArn', 'NumberOfRetries', 'BufferSizeInMBs', 'BufferIntervalInSeconds'];

/** Members of a destination that are not implemented, whether or not its values are resolved. */
export function unknownMembers(configuration: Document): string[] {
  return Object.entries(KNOWN).flatMap(([place, known]) => {
    const members = place === '' ? configuration : (configuration[place] as Document | undefined);
    const others = Object.keys(members ?? {}).filter((name) => !known.includes(name) && !name.startsWith('Fn::'));
    return others.map((name) => `${place === '' ? '' : `${place}.`}${name}`);
  });
}

/** Reads ExtendedS3DestinationConfiguration; refuses what Firehose would refuse and what would be ignored here. */
export function readDestination(configuration: Document): Destination {
  const [unknown] = unknownMembers(configuration);
  if (unknown) throw new Unsupported(`the member ${unknown} of a Firehose destination`);
  const { RoleARN, BucketARN, Prefix = '', ErrorOutputPrefix = '', FileExtension = '' } = configuration;
  const { S3BackupMode = 'Disabled', CompressionFormat = 'UNCOMPRESSED', CustomTimeZone = 'UTC' } = configuration;
  if (!/^arn:aws:iam::\d{12}:role\/.+/.test(String(RoleARN))) throw refusal(`RoleARN ${String(RoleARN)} is not valid`);
  if (!/^arn:aws:s3:::[\w.-]{1,255}$/.test(String(BucketARN)))
    throw refusal(`BucketARN ${String(BucketARN)} is not valid`);
  if (S3BackupMode !== 'Disabled') throw new Unsupported(`the S3BackupMode ${String(S3BackupMode)} of Firehose`);
  if (CustomTimeZone !== 'UTC') throw new Unsupported(`the time zone ${String(CustomTimeZone)} of Firehose`);
  if (CompressionFormat !== 'UNCOMPRESSED' && CompressionFormat !== 'GZIP') {
    throw new Unsupported(`the CompressionFormat ${String(CompressionFormat)} of Firehose`);
  }
  if (isEnabled(configuration.DataFormatConversionConfiguration))
    throw new Unsupported('format conversion of Firehose');
  const partitioned = isEnabled(configuration.DynamicPartitioningConfiguration);
  const prefix = String(Prefix);
  const errorPrefix = String(ErrorOutputPrefix);
  checkPrefixes({ prefix, errorPrefix, partitioned });
  if (FileExtension !== '' && !/^\.[0-9a-z!\-_.*'()]{1,127}$/.test(String(FileExtension))) {
    throw refusal(`FileExtension ${String(FileExtension)} is not valid`);
  }
  return {
    roleArn: String(RoleARN),
    bucketArn: String(BucketARN),
    prefix,
    errorPrefix,
    gzip: CompressionFormat === 'GZIP',
    fileExtension: String(FileExtension),
    kmsKeyArn: kmsKeyOf(configuration.EncryptionConfiguration as Document | undefined),
    partitioned,
    ...hintsOf(configuration.BufferingHints as Document | undefined, partitioned),
    ...processorsOf(configuration, String(RoleARN)),
    errorLog: errorLogOf(configuration.CloudWatchLoggingOptions as Document | undefined),
  };
}

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
function hintsOf(hints: Document = {}, partitioned: boolean) {
  const size = within('SizeInMBs', hints.SizeInMBs ?? (partitioned ? 64 : 5), 1, 128);
  const seconds = within('IntervalInSeconds', hints.IntervalInSeconds ?? 300, 0, 900);
  if (partitioned && size < 64) {
    throw refusal('BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.');
  }
  if (partitioned && seconds < 60) {
    throw refusal('BufferingHints.IntervalInSeconds must be at least 60 when Dynamic Partitioning is enabled.');
  }
  return { bufferBytes: size * MB, bufferMs: seconds * 1_000 };
}

/** https://docs.aws.amazon.com/firehose/latest/APIReference/API_ProcessorParameter.html */
function processorsOf({ ProcessingConfiguration: processing }: Document, roleArn: string) {
  const given = isEnabled(processing) ? (((processing as Document).Processors ?? []) as Document[]) : [];
  const other = given.find(({ Type }) => Type !== 'Lambda' && Type !== 'AppendDelimiterToRecord');
  if (other) throw new Unsupported(`the processor ${String(other.Type)} of Firehose`);
  const [lambda, second] = given.filter(({ Type }) => Type === 'Lambda').map(parametersOf);
  if (second) throw refusal('Only one Lambda processor is allowed');
  const [delimiter] = given.filter(({ Type }) => Type === 'AppendDelimiterToRecord').map(parametersOf);
  return { delimiter: delimiter ? delimiterOf(delimiter) : '', processor: lambda ? lambdaOf(lambda, roleArn) : null };
}

function parametersOf({ Parameters = [] }: Document): Readonly<Record<string, string>> {
  const given = Parameters as { ParameterName: string; ParameterValue: unknown }[];
  return Object.fromEntries(given.map(({ ParameterName, ParameterValue }) => [ParameterName, String(ParameterValue)]));
}

function lambdaOf(parameters: Readonly<Record<string, string>>, roleArn: string): LambdaProcessor {
  const other = Object.keys(parameters).find((name) => !LAMBDA_PARAMETERS.includes(name));
  if (other) throw new Unsupported(`the parameter ${other} of a Lambda processor`);
  const { LambdaArn, RoleArn = roleArn, NumberOfRetries = '3' } = parameters;
  const { BufferSizeInMBs = '1', BufferIntervalInSeconds = '60' } = parameters;
  if (!/^arn:aws:lambda:[\w-]+:\d{12}:function:.+/.test(LambdaArn ?? '')) {
    throw refusal(`The LambdaArn ${LambdaArn} of the processor is not valid`);
  }
  return {
    functionArn: LambdaArn ?? '',
    roleArn: RoleArn,
    retries: within('NumberOfRetries', NumberOfRetries, 0, 300),
    bufferBytes: within('BufferSizeInMBs', BufferSizeInMBs, 0.2, 3) * MB,
    bufferMs: within('BufferIntervalInSeconds', BufferIntervalInSeconds, 0, 900) * 1_000,
  };
}

/** `\\n` stands for a line's end. */
function delimiterOf({ Delimiter = '\\n', ...others }: Readonly<Record<string, string>>): string {
  const [other] = Object.keys(others);
  if (other) throw new Unsupported(`the parameter ${other} of AppendDelimiterToRecord`);
  return Delimiter.replaceAll('\\n', '\n');
}

function kmsKeyOf(encryption: Document = {}): string | null {
  const { AWSKMSKeyARN: key } = (encryption.KMSEncryptionConfig ?? {}) as Document;
  return key === undefined ? null : String(key);
}

function errorLogOf({ Enabled, LogGroupName, LogStreamName }: Document = {}) {
  if (!isEnabled({ Enabled })) return null;
  if (!LogGroupName || !LogStreamName) {
    throw refusal('LogGroupName and LogStreamName must be given when CloudWatch logging is enabled.');
  }
  return { group: String(LogGroupName), stream: String(LogStreamName) };
}

const isEnabled = (section: unknown) => String((section as Document | undefined)?.Enabled ?? false) === 'true';

function within(name: string, given: unknown, low: number, high: number): number {
  const value = Number(given);
  if (value >= low && value <= high) return value;
  throw refusal(`${name} must be between ${low} and ${high}, got ${String(given)}`);
}

const refusal = (message: string) => new AwsError('InvalidArgumentException', message);
