import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** Whole minutes since 1970, `to` not included. */
export interface Minutes {
  readonly from: number;
  readonly to: number;
}

export interface LogRange {
  readonly logGroup: string;
  readonly minutes: Minutes;
  readonly client: CloudWatchLogsClient;
}

/** 2 s to connect, 10 s to answer, four attempts: a look that fails is repeated by the state machine. */
export const CLOUDWATCH_PATIENCE = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;

/** The lines of some minutes that a filter pattern finds, read as JSON; null for a line that is none. */
export async function* jsonLines(pattern: string, { logGroup, minutes, client }: LogRange) {
  let nextToken: string | undefined;
  do {
    const page = await client.send(
      new FilterLogEventsCommand({
        logGroupName: logGroup,
        startTime: minutes.from * 60_000,
        endTime: minutes.to * 60_000 - 1,
        filterPattern: pattern,
        nextToken,
      }),
    );
    for (const { timestamp = 0, message = '' } of page.events ?? []) yield { timestamp, content: readJson(message) };
    nextToken = page.nextToken;
  } while (nextToken);
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
