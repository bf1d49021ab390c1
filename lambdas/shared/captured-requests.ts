import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type CaptureLine, captureLine, isSampled } from '../../domain/capture.ts';
import { minuteOf } from '../../domain/rollout/record.ts';
import { latencyReader } from './request-latency.ts';
import { CLOUDWATCH_PATIENCE, jsonLines, type LogRange, type Minutes } from './request-log.ts';

/** A request of a caller with its answer. */
export interface LiveRequest {
  readonly id: string;
  readonly at: string;
  /** Since 1970. */
  readonly minute: number;
  readonly instances: CaptureLine['instances'];
  readonly predictions: CaptureLine['predictions'];
  /** Whether it had more instances than were captured. */
  readonly partial: boolean;
  /** Null where it is not known, or went by with loading the model. */
  readonly latencyMs: number | null;
}

/** What callers asked, and were answered. */
export interface CapturedRequests {
  /**
   * A share of the requests that a function version answered. The sample goes by the request's id, as that of the capture
   * does: where a share of 0.2 is captured, a share of 0.1 is half of them.
   */
  captured(functionVersion: string, minutes: Minutes, share: number): Promise<LiveRequest[]>;
}

export function loggedRequests(
  logGroup: string,
  client = new CloudWatchLogsClient(CLOUDWATCH_PATIENCE),
): CapturedRequests {
  return {
    async captured(functionVersion, minutes, share) {
      const range = { logGroup, minutes, client };
      const requests = await sampled(functionVersion, share, range);
      const latencies = latencyReader();
      if (requests.size > 0) {
        for await (const { content } of jsonLines(latencies.pattern, range)) latencies.read(content);
      }
      return [...requests.values()]
        .filter(({ instances }) => instances.length > 0)
        .map((request) => ({ ...request, latencyMs: latencies.of(request.id) }));
    },
  };
}

/** A request with many instances, or large ones, takes several lines. */
async function sampled(functionVersion: string, share: number, range: LogRange) {
  const requests = new Map<string, Omit<LiveRequest, 'latencyMs'>>();
  for await (const { timestamp, content } of jsonLines('{ $.message = "capture" }', range)) {
    const line = captureLine.safeParse(content).data;
    if (line?.function_version !== functionVersion || !isSampled(line.request_id, share)) continue;
    const { request_id: id, instances, predictions, left_out: leftOut } = line;
    const known = requests.get(id);
    requests.set(id, {
      id,
      at: known?.at ?? new Date(timestamp).toISOString(),
      minute: known?.minute ?? minuteOf(timestamp),
      instances: [...(known?.instances ?? []), ...instances],
      predictions: [...(known?.predictions ?? []), ...predictions],
      partial: known?.partial === true || leftOut > 0,
    });
  }
  return requests;
}
