import { AwsError } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { timeOf } from './shapes.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
const MOST_POINTS = 100_800;

/** The starts of the windows of a range, each `period` seconds and aligned to it, ms since the epoch. */
export function windows({ StartTime, EndTime }: Document, period: number): number[] {
  const length = period * 1_000;
  const [start, end] = [Math.floor(timeOf(StartTime) / length) * length, timeOf(EndTime)];
  if (!(timeOf(EndTime) > timeOf(StartTime))) {
    throw new AwsError('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.');
  }
  const count = Math.ceil((end - start) / length);
  if (count > MOST_POINTS) {
    throw new AwsError(
      'InvalidParameterCombination',
      `You have requested up to ${count} datapoints, which exceeds the limit of ${MOST_POINTS}.`,
    );
  }
  return Array.from({ length: count }, (_, index) => start + index * length);
}
