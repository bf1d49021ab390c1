import * as z from 'zod';

/** What the prediction handler says of a request. */
export const requestLine = z.object({
  message: z.literal('prediction'),
  request_id: z.string(),
  function_version: z.string(),
  alias: z.string().nullish(),
  cold: z.boolean().default(false),
  latency_ms: z.number(),
  prediction: z.union([z.number(), z.string()]).optional(),
});
export type RequestLine = z.infer<typeof requestLine>;

/** What Lambda says of an invocation. https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html */
const reportLine = z.object({
  type: z.literal('platform.report'),
  record: z.object({ requestId: z.string(), metrics: z.object({ durationMs: z.number() }) }),
});

/**
 * How long requests took by lines of the log: as Lambda reports it, code around the handler included, or else as the handler
 * does. What loaded the model is left out: it says nothing about the version.
 */
export function latencyReader() {
  const own = new Map<string, number>();
  const cold = new Set<string>();
  const reported = new Map<string, number>();
  return {
    pattern: '?"latency_ms" ?"platform.report"',
    read(content: unknown): void {
      const report = reportLine.safeParse(content).data?.record;
      if (report) reported.set(report.requestId, report.metrics.durationMs);
      const line = requestLine.safeParse(content).data;
      // The first request of an instance loads the model.
      if (line?.cold) cold.add(line.request_id);
      else if (line) own.set(line.request_id, line.latency_ms);
    },
    of: (requestId: string): number | null =>
      cold.has(requestId) ? null : (reported.get(requestId) ?? own.get(requestId) ?? null),
  };
}
