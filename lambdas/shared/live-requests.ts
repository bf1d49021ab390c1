import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Arm } from '../../domain/rollout/minute.ts';
import { minuteOf } from '../../domain/rollout/record.ts';
import { latencyReader, type RequestLine, requestLine } from './request-latency.ts';
import { CLOUDWATCH_PATIENCE, jsonLines, type LogRange, type Minutes } from './request-log.ts';

/** What callers got from each function version, minute by minute. */
export interface LiveRequests {
  /** By minute, then in the order of the function versions; a minute without a request is left out. */
  seen(functionVersions: readonly string[], minutes: Minutes): Promise<Map<number, Arm[]>>;
  /** The model's alarms that are on. */
  alarms(): Promise<string[]>;
}

/**
 * Lambda counts requests and errors of an alias by the version that ran, timeouts and crashes included; its reports in the
 * log tell how long each took, and the request log of the handler what it answered.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
 */
export function cloudWatchRequests(
  at: { functionName: string; logGroup: string; alarmNames: readonly string[] },
  clients = { metrics: new CloudWatchClient(CLOUDWATCH_PATIENCE), logs: new CloudWatchLogsClient(CLOUDWATCH_PATIENCE) },
): LiveRequests {
  return {
    async seen(functionVersions, minutes) {
      const found = new Map<number, Arm[]>();
      const arm = (minute: number, version: string) => {
        const arms = found.get(minute) ?? functionVersions.map(emptyArm);
        found.set(minute, arms);
        return arms[functionVersions.indexOf(version)];
      };
      for (const { minute, version, name, value } of await counts(
        at.functionName,
        functionVersions,
        minutes,
        clients.metrics,
      )) {
        const of = arm(minute, version);
        if (of) of[name] = value;
      }
      const { lines, latencies } = await requestLines({ logGroup: at.logGroup, minutes, client: clients.logs });
      for (const { minute, line } of lines) {
        if (line.alias !== LIVE_ALIAS || !functionVersions.includes(line.function_version)) continue;
        const of = arm(minute, line.function_version);
        const latency = latencies.of(line.request_id);
        if (latency !== null) of?.latenciesMs.push(latency);
        if (line.prediction !== undefined) of?.predictions.push(line.prediction);
      }
      return found;
    },
    async alarms() {
      if (at.alarmNames.length === 0) return [];
      const command = new DescribeAlarmsCommand({ AlarmNames: [...at.alarmNames], StateValue: 'ALARM' });
      const { MetricAlarms = [] } = await clients.metrics.send(command);
      return MetricAlarms.flatMap(({ AlarmName }) => AlarmName ?? []).sort();
    },
  };
}

type MutableArm = { -readonly [Key in keyof Arm]: Arm[Key] };
const emptyArm = (): MutableArm => ({ requests: 0, errors: 0, latenciesMs: [], predictions: [] });

const METRICS = { requests: 'Invocations', errors: 'Errors' } as const;
type Counted = keyof typeof METRICS;

async function counts(
  functionName: string,
  functionVersions: readonly string[],
  { from, to }: Minutes,
  client: CloudWatchClient,
): Promise<{ minute: number; version: string; name: Counted; value: number }[]> {
  const series = functionVersions.flatMap((version, index) =>
    (Object.keys(METRICS) as Counted[]).map((name) => ({ id: `${name}${index}`, version, name })),
  );
  const found: { minute: number; version: string; name: Counted; value: number }[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new GetMetricDataCommand({
        StartTime: new Date(from * 60_000),
        EndTime: new Date(to * 60_000),
        NextToken,
        MetricDataQueries: series.map(({ id, version, name }) => ({
          Id: id,
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Lambda',
              MetricName: METRICS[name],
              Dimensions: [
                { Name: 'FunctionName', Value: functionName },
                { Name: 'Resource', Value: `${functionName}:${LIVE_ALIAS}` },
                { Name: 'ExecutedVersion', Value: version },
              ],
            },
            Period: 60,
            Stat: 'Sum',
          },
        })),
      }),
    );
    for (const { Id, Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
      const of = series.find(({ id }) => id === Id);
      if (!of) continue;
      for (const [index, time] of Timestamps.entries()) {
        found.push({ minute: minuteOf(time.getTime()), version: of.version, name: of.name, value: Values[index] ?? 0 });
      }
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return found;
}

/** The request log of some minutes. */
async function requestLines(range: LogRange) {
  const lines: { minute: number; line: RequestLine }[] = [];
  const latencies = latencyReader();
  for await (const { timestamp, content } of jsonLines(latencies.pattern, range)) {
    latencies.read(content);
    const line = requestLine.safeParse(content).data;
    if (line) lines.push({ minute: minuteOf(timestamp), line });
  }
  return { lines, latencies };
}
