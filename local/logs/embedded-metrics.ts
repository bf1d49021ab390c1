/** One value of a metric as a log line carried it. */
export interface EmbeddedDatum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Record<string, string>;
  readonly value: number;
  readonly unit?: string;
}

interface Directive {
  readonly Namespace?: unknown;
  readonly Dimensions?: readonly (readonly string[])[];
  readonly Metrics?: readonly { readonly Name: string; readonly Unit?: string }[];
}

/**
 * The metrics in a log line of the embedded metric format; none in any other line, nor in one that does not follow the format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedMetrics(line: string): EmbeddedDatum[] {
  if (!line.includes('"_aws"')) return [];
  const root = objectOf(line);
  const directives = (root?._aws as { CloudWatchMetrics?: unknown } | undefined)?.CloudWatchMetrics;
  if (!root || !Array.isArray(directives)) return [];
  return (directives as Directive[]).flatMap((directive) => metricsOf(directive, root));
}

function metricsOf({ Namespace, Dimensions, Metrics }: Directive, root: Record<string, unknown>): EmbeddedDatum[] {
  if (typeof Namespace !== 'string' || !Array.isArray(Metrics)) return [];
  const sets = (Array.isArray(Dimensions) ? Dimensions : []) as readonly (readonly string[])[];
  const known = sets.filter((names) => names.every((name) => root[name] !== undefined));
  return (Metrics as { Name: string; Unit?: string }[]).flatMap(({ Name: name, Unit: unit }) => {
    const values = [root[name]].flat().filter((value) => typeof value === 'number');
    return known.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((dimension) => [dimension, String(root[dimension])]));
      const rest = unit === undefined ? {} : { unit };
      return values.map((value) => ({ namespace: Namespace, name, dimensions, value, ...rest }));
    });
  });
}

function objectOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
