import * as z from 'zod';
import { verdictSchema } from './gates/verdict.ts';
import { gateSchema } from './model-config.ts';

/** `judgement.json`: what the gates said, and exactly what they looked at. Its SHA-256 is the evidence of a decision. */
export const judgementSchema = z.object({
  model: z.string(),
  runId: z.string(),
  passed: z.boolean(),
  verdicts: z.array(verdictSchema),
  evidence: z.object({
    evaluation: z.object({ key: z.string(), sha256: z.string() }),
    scores: z.object({ key: z.string(), sha256: z.string() }),
    artifactSha256: z.string(),
    gates: z.array(gateSchema),
  }),
});
export type JudgementFile = z.infer<typeof judgementSchema>;
