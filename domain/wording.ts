import type { Estimate } from './flow.ts';
import type { MetricName } from './model-config.ts';

/** How numbers and names read in sentences, cards and messages. */

export const METRIC_LABELS: Record<MetricName, string> = {
  auc: 'AUC',
  logLoss: 'Log loss',
  brier: 'Brier score',
  accuracy: 'Accuracy',
  f1: 'F1',
  calibrationError: 'Calibration error',
  rmse: 'RMSE',
  mae: 'MAE',
  r2: 'R²',
};

/** The label of a metric that may be of a later version of Sluice. */
export const metricLabel = (name: string) => (METRIC_LABELS as Record<string, string>)[name] ?? name;

/** Three decimals for what lives around 1, four digits for what is larger or very small. */
export function showNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15) return value.toPrecision(4);
  if (size >= 1000) return showCount(Math.round(value));
  if (size >= 10) return String(Number(value.toPrecision(4)));
  if (size > 0 && size < 0.0005) return value.toExponential(1);
  return value.toFixed(3);
}

/** `+0.012` or `-0.012`. */
export const showSigned = (value: number) => (value >= 0 ? `+${showNumber(value)}` : showNumber(value));

export const showInterval = ({ lower, upper }: Pick<Estimate, 'lower' | 'upper'>) =>
  `${showNumber(lower)} to ${showNumber(upper)}`;

export const showEstimate = (estimate: Estimate) =>
  `${showNumber(estimate.value)} (95 % interval ${showInterval(estimate)})`;

/** 12 345 as `12,345`. */
export const showCount = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

export const showPercent = (share: number) => `${(100 * share).toFixed(1)} %`;

export const showBytes = (bytes: number) => {
  const [unit, size] = BYTE_UNITS.find(([, from]) => bytes >= from) ?? ['B', 1];
  return `${Number((bytes / size).toPrecision(3))} ${unit}`;
};
const BYTE_UNITS: [string, number][] = [
  ['GB', 1024 ** 3],
  ['MB', 1024 ** 2],
  ['KB', 1024],
];

/** Text from data, in quotes: one line, at most 60 characters, whatever somebody called a column. */
export function quoted(text: string): string {
  const line = plainLine(text);
  return `"${line.length > 60 ? `${line.slice(0, 59)}…` : line}"`;
}

/** The text with anything that breaks lines or terminals replaced by a space. */
export function plainLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ').toWellFormed();
}

/** `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** `1 row`, `2 rows`. */
export const counted = (count: number, noun: string) => `${showCount(count)} ${noun}${count === 1 ? '' : 's'}`;
