/** One value of a metric as a log line carried it. */
export interface EmbeddedDatum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Record<string, string>;
  readonly value: number;
  readonly unit?: string;
}

interface Directive {
  readonly Namespace?: string;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics?: readonly { readonly Name: string; readonly Unit?: string }[];
}

/**
 * The metrics in a log line of the embedded metric format; none in any other line.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(line: string): EmbeddedDatum[] {
  if (!line.includes('"_aws"')) return [];
  let root: Record<string, unknown>;
  try {
    root = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return [];
  }
  const directives = (root._aws as { CloudWatchMetrics?: Directive[] } | undefined)?.CloudWatchMetrics ?? [];
  return directives.flatMap(({ Namespace: namespace = '', Dimensions = [[]], Metrics = [] }) =>
    Metrics.flatMap(({ Name: name, Unit: unit }) => {
      const values = [root[name]].flat().filter((value) => typeof value === 'number');
      return Dimensions.flatMap((names) => {
        const dimensions = Object.fromEntries(names.map((dimension) => [dimension, String(root[dimension])]));
        return values.map((value) => ({ namespace, name, dimensions, value, ...(unit === undefined ? {} : { unit }) }));
      });
    }),
  );
}
