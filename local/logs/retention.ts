import { AwsError } from '../kernel/errors.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** How long a group keeps its events; nothing means for ever. */
export function retention(days: unknown): number | null {
  if (days === undefined) return null;
  if (DAYS.includes(Number(days))) return Number(days);
  throw new AwsError(
    'InvalidParameterException',
    `1 validation error detected: Value '${String(days)}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${DAYS.join(', ')}]`,
  );
}
