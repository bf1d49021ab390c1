import { CloudWatchClient, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { AnsweredRequests } from './ports.ts';

/** 2 s to connect, 10 s to answer, four attempts: a window that fails is done again with the next one. */
const PATIENCE = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** Pages of a log that are read for answers: callers that only make mistakes must not cost a look at everything. */
const MOST_PAGES = 20;

/**
 * Asks Lambda's own count first, which costs next to nothing while nobody calls. Only the log of the prediction function
 * knows what was answered: what a caller did wrong is counted by Lambda and captured by nobody.
 */
export function cloudWatchAnswered(
  at: { functionName: string; logGroup: string },
  clients = { metrics: new CloudWatchClient(PATIENCE), logs: new CloudWatchLogsClient(PATIENCE) },
): AnsweredRequests {
  return {
    async answered(span, most) {
      if ((await invocations(at.functionName, span, clients.metrics)) === 0) return 0;
      let found = 0;
      let nextToken: string | undefined;
      for (let page = 0; page < MOST_PAGES && found < most; page += 1) {
        const answer = await clients.logs.send(
          new FilterLogEventsCommand({
            logGroupName: at.logGroup,
            startTime: Date.parse(span.from),
            endTime: Date.parse(span.to) - 1,
            filterPattern: `{ $.message = "prediction" && $.status = 200 && $.alias = "${LIVE_ALIAS}" }`,
            nextToken,
          }),
        );
        found += answer.events?.length ?? 0;
        nextToken = answer.nextToken;
        if (nextToken === undefined) break;
      }
      return found;
    },
  };
}

async function invocations(functionName: string, { from, to }: { from: string; to: string }, client: CloudWatchClient) {
  const { MetricDataResults = [] } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(from),
      EndTime: new Date(to),
      MetricDataQueries: [
        {
          Id: 'requests',
          MetricStat: {
            Metric: {
              Namespace: 'AWS/Lambda',
              MetricName: 'Invocations',
              Dimensions: [
                { Name: 'FunctionName', Value: functionName },
                { Name: 'Resource', Value: `${functionName}:${LIVE_ALIAS}` },
              ],
            },
            Period: 300,
            Stat: 'Sum',
          },
        },
      ],
    }),
  );
  return MetricDataResults.flatMap(({ Values = [] }) => Values).reduce((sum, value) => sum + value, 0);
}
