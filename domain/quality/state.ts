import * as z from 'zod';

/** Evidence against the loss of one quantity: all predictions, or a slice. */
const accumulatorSchema = z.object({
  /** Of each bet; none after an alarm. */
  evidence: z.array(z.number().min(0)),
  since: z.string().nullable(),
  /** ln of the evidence that it is over. */
  cleared: z.number().min(0),
});
export type LossAccumulator = z.infer<typeof accumulatorSchema>;

export const qualityStateSchema = z.object({
  format: z.literal(1),
  overall: accumulatorSchema,
  slices: z.array(accumulatorSchema.extend({ column: z.string(), value: z.string().nullable() })),
  /** Cohorts scored last, oldest first: none counts twice. */
  scored: z.array(z.string()),
});
export type QualityState = z.infer<typeof qualityStateSchema>;

export const emptyAccumulator: LossAccumulator = { evidence: [], since: null, cleared: 0 };

export const emptyQualityState: QualityState = { format: 1, overall: emptyAccumulator, slices: [], scored: [] };
