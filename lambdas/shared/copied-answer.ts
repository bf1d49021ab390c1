import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type RowPrediction, rowPredictionSchema } from '../../domain/rollout/row-difference.ts';
import { latencyReader } from './request-latency.ts';
import { readJson } from './request-log.ts';

/** The answer to the copy of a request. */
export interface Copied {
  /** One prediction per instance, or why there are none. */
  readonly challenger: readonly RowPrediction[] | { readonly failure: string };
  /** Null where it is not known, or went by with loading the model. */
  readonly latencyMs: number | null;
}

const answered = z.object({ predictions: z.array(rowPredictionSchema) });
const refused = z.object({ error: z.object({ message: z.string() }) });
const failed = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/**
 * Reads what Lambda gave for a copy. A refusal counts as a failure: the caller was answered. How long it took stands in the
 * end of the log, which comes with the answer; measured from here it would be the time of the network too.
 */
export function readCopied(output: InvokeCommandOutput, rows: number): Copied {
  const payload = readJson(Buffer.from(output.Payload ?? []).toString('utf8'));
  const latencyMs = latencyIn(output);
  if (output.FunctionError) {
    const { errorType = output.FunctionError, errorMessage = '' } = failed.safeParse(payload).data ?? {};
    return { challenger: { failure: `${errorType}: ${errorMessage}` }, latencyMs };
  }
  const answer = answered.safeParse(payload);
  if (answer.success && answer.data.predictions.length === rows) {
    return { challenger: answer.data.predictions, latencyMs };
  }
  const failure =
    refused.safeParse(payload).data?.error.message ?? 'its answer does not hold a prediction for each row';
  return { challenger: { failure }, latencyMs };
}

function latencyIn({ LogResult = '', $metadata }: InvokeCommandOutput): number | null {
  const latencies = latencyReader();
  for (const text of Buffer.from(LogResult, 'base64').toString('utf8').split('\n')) latencies.read(readJson(text));
  return latencies.of($metadata.requestId ?? '');
}
