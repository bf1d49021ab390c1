import type { CloudContext } from '../../kernel/service.ts';

export interface Measured {
  readonly name: string;
  readonly qualifier?: string;
  readonly executedVersion: string;
  /** Whether the qualifier is an alias: only then AWS tells the version that ran. */
  readonly alias: boolean;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
export function countInvocation(context: CloudContext, measured: Measured, durationMs: number, failed: boolean): void {
  put(context, measured, 'Invocations', 1, 'Count');
  put(context, measured, 'Errors', failed ? 1 : 0, 'Count');
  put(context, measured, 'Duration', durationMs, 'Milliseconds');
  put(context, measured, 'Throttles', 0, 'Count');
}

export function countThrottle(context: CloudContext, measured: Measured): void {
  put(context, measured, 'Throttles', 1, 'Count');
}

/** A datum of the function as a whole: what became of its asynchronous events. */
export function countEvent(context: CloudContext, name: string, metric: string): void {
  context.putServiceMetric({
    namespace: 'AWS/Lambda',
    name: metric,
    dimensions: { FunctionName: name },
    value: 1,
    unit: 'Count',
  });
}

function put(
  context: CloudContext,
  { name, qualifier, executedVersion, alias }: Measured,
  metric: string,
  value: number,
  unit: string,
): void {
  const Resource = qualifier === undefined ? name : `${name}:${qualifier}`;
  const sets: Record<string, string>[] = [{ FunctionName: name }, { FunctionName: name, Resource }];
  if (alias) sets.push({ FunctionName: name, Resource, ExecutedVersion: executedVersion });
  for (const dimensions of sets)
    context.putServiceMetric({ namespace: 'AWS/Lambda', name: metric, dimensions, value, unit });
}
