import * as z from 'zod';
import { retrainOutput } from '../retrain.ts';
import { actResultSchema, actSchema } from './reaction.ts';

/** What the steps of the react state machine are asked and answer. */

/** The monitor has closed a window. */
const windowClosed = z.object({ window: z.string().min(1) });
/** EventBridge: an alarm changed, or an execution of the model's machines ended. */
const changed = z.object({
  id: z.string().min(1),
  'detail-type': z.enum(['CloudWatch Alarm State Change', 'Step Functions Execution Status Change']),
});
export const reactTrigger = z.union([windowClosed, changed]);
export type ReactTrigger = z.infer<typeof reactTrigger>;

const failure = z.object({ Error: z.string().optional(), Cause: z.string().optional() });

export const reactStepInput = z.discriminatedUnion('action', [
  z.object({ action: z.literal('decide'), trigger: reactTrigger }),
  z.object({
    action: z.literal('record'),
    event: z.string().min(1),
    /** A rollback says how it went, a retraining what it found. Null: there was nothing to do but tell. */
    result: z.union([actResultSchema, retrainOutput]).nullable(),
    failure: failure.nullable(),
  }),
]);
export type ReactStepInput = z.infer<typeof reactStepInput>;

export const decideOutput = z.object({
  /** What is to be done, one after the other: that of this event, and what an earlier execution died over. */
  work: z.array(z.object({ event: z.string(), act: actSchema.nullable(), result: actResultSchema.nullable() })),
});
export type Work = z.infer<typeof decideOutput>['work'][number];

export const recordOutput = z.object({ told: z.int().min(0) });
