import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { LIVE_ALIAS } from '../../domain/names.ts';
import { readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import type { Prediction } from '../shared/serving.ts';
import { capture, captureVariable } from './capture.ts';
import { type Answer, answer, shape } from './predict.ts';
import { modelVariable, servedModel } from './served.ts';

const environment = readEnvironment({ MODEL_NAME: z.string(), MODEL: modelVariable, CAPTURE: captureVariable });
const { MODEL_NAME: model, MODEL: reference, CAPTURE: settings } = environment;
const served = servedModel(reference, s3Objects());
let cold = true;

/**
 * No middleware and no metrics of our own: Lambda counts duration, errors and throttles by function version for nothing,
 * a custom metric costs by the month, and the one line below holds what a capture or a query needs.
 */
export async function handler(event: unknown, context: Context) {
  const started = performance.now();
  const line = {
    request_id: context.awsRequestId,
    function_version: context.functionVersion,
    model,
    model_version: reference?.semver ?? null,
    alias: qualifierOf(context),
    cold,
  };
  cold = false;
  try {
    const result = answer(event, await served.get(), { model, requestId: context.awsRequestId });
    const { statusCode: status, source, instances, body } = result;
    const counts = line.alias === LIVE_ALIAS ? captured(result, context) : undefined;
    const error = 'error' in body ? body.error.code : undefined;
    const prediction = 'predictions' in body ? numberOrLabel(body.predictions[0]) : undefined;
    logger.info('prediction', {
      ...line,
      status,
      source,
      instances: instances.length,
      ...counts,
      error,
      prediction,
      latency_ms: since(started),
    });
    return shape(result);
  } catch (error) {
    served.failed(error);
    logger.error('prediction', { ...line, status: 500, latency_ms: since(started), error: error as Error });
    throw error;
  }
}

/** Only what live callers were told; tries of a rollout would be traffic that nobody sent. */
function captured({ body, instances }: Answer, { awsRequestId, functionVersion }: Context) {
  if (!settings || !reference || !('predictions' in body)) return undefined;
  const { semver: model_version, version } = reference;
  const who = { request_id: awsRequestId, model, model_version, version, function_version: functionVersion };
  return capture({ ...who, instances, predictions: body.predictions }, settings);
}

/** How it was called: the alias, or a version by itself, as a rollout does to try one. */
const qualifierOf = ({ invokedFunctionArn }: Context) => invokedFunctionArn.split(':')[7] ?? null;

/** What a rollout compares of an answer: the score, the number, or the class. */
const numberOrLabel = (prediction: Prediction | undefined) => {
  if (prediction === undefined) return undefined;
  if ('value' in prediction) return prediction.value;
  return 'score' in prediction ? prediction.score : prediction.label;
};

const since = (started: number) => Math.round((performance.now() - started) * 1_000) / 1_000;
