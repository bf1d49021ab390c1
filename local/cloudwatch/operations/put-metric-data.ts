import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import type { MetricStore } from '../metric-store.ts';
import { dimensionsOf, timeOf } from '../shapes.ts';
import type { Sample } from '../statistics.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
const MOST_DATA = 1_000;
const MOST_VALUES = 150;
const OLDEST_MS = 14 * 86_400_000;
const NEWEST_MS = 2 * 3_600_000;
const KNOWN = ['MetricName', 'Dimensions', 'Timestamp', 'Value', 'Values', 'Counts', 'StatisticValues', 'Unit'];

export function putMetricData(context: CloudContext, metrics: MetricStore): Operation {
  return {
    access: ({ Namespace }) => {
      const keys = { 'cloudwatch:namespace': String(Namespace) };
      return [{ action: 'cloudwatch:PutMetricData', resource: '*', context: keys }];
    },
    async handle({ Namespace, MetricData, ...rest }) {
      const namespace = String(Namespace ?? '');
      const other = Object.keys(rest).find((name) => name !== 'StrictEntityValidation');
      if (other) throw new Unsupported(`the parameter ${other} of cloudwatch:PutMetricData`);
      if (namespace === '' || namespace.startsWith('AWS/')) {
        throw invalid(`The value ${namespace} for parameter Namespace is invalid.`);
      }
      const data = (MetricData ?? []) as Document[];
      if (data.length > MOST_DATA)
        throw invalid(`The collection MetricData must not have a size greater than ${MOST_DATA}.`);
      const now = context.clock.now();
      const read = data.map((datum) => ({
        id: { namespace, name: nameOf(datum), dimensions: dimensionsOf(datum.Dimensions) },
        at: timestampOf(datum, now),
        sample: sampleOf(datum),
      }));
      for (const { id, at, sample } of read) metrics.put(id, at, sample);
      return {};
    },
  };
}

function nameOf(datum: Document): string {
  const { MetricName, StorageResolution = 60 } = datum;
  const unknown = Object.keys(datum).find((name) => name !== 'StorageResolution' && !KNOWN.includes(name));
  if (unknown) throw new Unsupported(`the parameter ${unknown} of a metric datum`);
  if (Number(StorageResolution) !== 60) throw new Unsupported('metrics by the second (StorageResolution)');
  if (!MetricName) throw invalid('The parameter MetricData.member.1.MetricName is required.');
  return String(MetricName);
}

function timestampOf({ Timestamp }: Document, now: number): number {
  if (Timestamp === undefined) return now;
  const at = timeOf(Timestamp);
  if (at >= now - OLDEST_MS && at <= now + NEWEST_MS) return at;
  throw invalid('The parameter Timestamp must specify a time within the past two weeks and the next two hours.');
}

function sampleOf({ Value, Values, Counts, StatisticValues, Unit }: Document): Sample {
  const unit = Unit === undefined ? {} : { unit: String(Unit) };
  const given = [Value, Values, StatisticValues].filter((value) => value !== undefined);
  if (given.length !== 1) {
    throw new AwsError(
      'InvalidParameterCombination',
      'Exactly one of the parameters Value, Values and StatisticValues must be given.',
    );
  }
  if (StatisticValues !== undefined) {
    const { Sum, SampleCount, Minimum, Maximum } = StatisticValues as Document;
    const summary = { sum: finite(Sum), count: finite(SampleCount), min: finite(Minimum), max: finite(Maximum) };
    return { summary, ...unit };
  }
  const values = (Values ?? [Value]) as unknown[];
  const counts = (Counts ?? []) as unknown[];
  if (values.length > MOST_VALUES)
    throw invalid(`The collection Values must not have a size greater than ${MOST_VALUES}.`);
  if (Counts !== undefined && counts.length !== values.length) {
    throw invalid('The collections Values and Counts must have the same size.');
  }
  return { values: values.map((value, index) => [finite(value), finite(counts[index] ?? 1)] as const), ...unit };
}

function finite(value: unknown): number {
  const number = Number(value);
  if (value !== null && value !== '' && Number.isFinite(number)) return number;
  throw invalid(`The value ${String(value)} for parameter Value is invalid.`);
}

const invalid = (message: string) => new AwsError('InvalidParameterValue', message);
