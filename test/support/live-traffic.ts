import { modelNamed } from '../../cli/environment.ts';
import { type Answered, liveTraffic as send, type TrafficOptions } from '../../examples/churn/traffic.ts';
import type { Story } from './story.ts';

export type { Answered } from '../../examples/churn/traffic.ts';

/** Callers of a model of a story. */
export const liveTraffic = (
  { cloud, lambda, environment }: Story,
  model: string,
  options: TrafficOptions,
): Promise<Answered[]> =>
  send({ clock: cloud.clock, lambda }, modelNamed(environment, model).predictFunctionName, options);
