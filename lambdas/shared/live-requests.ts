import { CloudWatchClient, DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Arm } from '../../domain/rollout/minute.ts';
import { minuteOf } from '../../domain/rollout/record.ts';

/** Whole minutes since 1970, `to` not included. */
export interface Minutes {
  readonly from: number;
  readonly to: number;
}

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
  clients = { metrics: new CloudWatchClient(PATIENCE), logs: new CloudWatchLogsClient(PATIENCE) },
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
      const { lines, durations } = await requestLines(at.logGroup, minutes, clients.logs);
      for (const { minute, line } of lines) {
        if (line.alias !== LIVE_ALIAS || !functionVersions.includes(line.function_version)) continue;
        const of = arm(minute, line.function_version);
        if (!line.cold) of?.latenciesMs.push(durations.get(line.request_id) ?? line.latency_ms);
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

/** 2 s to connect, 10 s to answer, four attempts: a look that fails is repeated by the state machine. */
const PATIENCE = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

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

/** The line that the prediction handler writes for each request. */
const requestLine = z.object({
  message: z.literal('prediction'),
  request_id: z.string(),
  function_version: z.string(),
  alias: z.string().nullish(),
  cold: z.boolean().default(false),
  latency_ms: z.number(),
  prediction: z.union([z.number(), z.string()]).optional(),
});

/** What Lambda writes after each invocation: how long it took as a whole, code around the handler included. */
const reportLine = z.object({
  type: z.literal('platform.report'),
  record: z.object({ requestId: z.string(), metrics: z.object({ durationMs: z.number() }) }),
});

/** The requests of some minutes, and how long each invocation took by its request id, ms. */
async function requestLines(logGroup: string, { from, to }: Minutes, client: CloudWatchLogsClient) {
  const lines: { minute: number; line: z.infer<typeof requestLine> }[] = [];
  const durations = new Map<string, number>();
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new FilterLogEventsCommand({
        logGroupName: logGroup,
        startTime: from * 60_000,
        endTime: to * 60_000 - 1,
        filterPattern: '?"latency_ms" ?"platform.report"',
        nextToken,
      }),
    );
    for (const { timestamp, message = '' } of page.events ?? []) {
      const content = parsed(message);
      const report = reportLine.safeParse(content);
      if (report.success) durations.set(report.data.record.requestId, report.data.record.metrics.durationMs);
      const line = requestLine.safeParse(content);
      if (line.success && timestamp !== undefined) lines.push({ minute: minuteOf(timestamp), line: line.data });
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return { lines, durations };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
