import { inferenceId } from '../../domain/capture.ts';
import { InvalidInstance } from '../../domain/errors.ts';
import type { Prediction, ServingModel } from '../shared/serving.ts';
import { BadRequest, readInstances, type Source, sourceOf } from './request.ts';

/** The version that this function serves. */
export interface Served {
  readonly semver: string;
  readonly model: ServingModel;
}

export interface Predictions {
  readonly predictions: Prediction[];
  readonly model: string;
  readonly model_version: string;
  /** One per prediction; a late label is matched to its prediction by it. */
  readonly inference_ids: string[];
}

export interface Refusal {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string; readonly index?: number };
}

export interface Answer {
  readonly source: Source;
  readonly statusCode: number;
  readonly body: Predictions | Refusal;
  /** As the caller gave them; none when the request could not be read. */
  readonly instances: readonly unknown[];
}

/** Answers one event; what the caller did wrong is an answer too, everything else is thrown. `served` is null before the first champion. */
export function answer(event: unknown, served: Served | null, call: { model: string; requestId: string }): Answer {
  const source = sourceOf(event);
  let instances: readonly unknown[] = [];
  try {
    if (!served)
      throw new BadRequest(
        503,
        'NoChampion',
        `"${call.model}" has no champion yet; it answers after its first rollout`,
      );
    instances = readInstances(event);
    const body: Predictions = {
      predictions: served.model.predict(instances),
      model: call.model,
      model_version: served.semver,
      inference_ids: instances.map((_, index) => inferenceId(call.requestId, index)),
    };
    return { source, statusCode: 200, body, instances };
  } catch (error) {
    const [statusCode, refusal] = refusalOf(error);
    return { source, statusCode, body: { error: refusal }, instances };
  }
}

function refusalOf(error: unknown): [number, Refusal['error']] {
  if (error instanceof BadRequest) return [error.statusCode, { code: error.code, message: error.message }];
  if (!(error instanceof InvalidInstance)) throw error;
  const { message, field, index } = error;
  return [400, { code: 'InvalidInstance', message, field, index }];
}

/** An HTTP answer for the URL; for a direct invocation the answer itself, so that its payload is a clean predictions file. */
export function shape({ source, statusCode, body }: Answer) {
  if (source === 'invoke') return statusCode === 200 ? body : { statusCode, ...body };
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...(statusCode === 405 ? { allow: 'POST' } : {}) },
    body: JSON.stringify(body),
  };
}
