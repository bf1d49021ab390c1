import * as z from 'zod';

/** The part of an S3 "Object Created" event from EventBridge that intake reads. Keys arrive decoded. */
export const objectCreatedSchema = z.object({
  'detail-type': z.literal('Object Created'),
  source: z.literal('aws.s3'),
  account: z.string(),
  time: z.string(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string(),
      size: z.number().optional(),
      'version-id': z.string(),
      /** Absent when the reconciliation found the object without its event. */
      sequencer: z.string().optional(),
    }),
  }),
});
export type ObjectCreated = z.infer<typeof objectCreatedSchema>;
