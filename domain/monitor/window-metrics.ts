import { isAlarm } from './conclude.ts';
import type { WindowItem } from './window.ts';

/** What a window is to CloudWatch: a handful of numbers for a whole model, because every metric costs by the month. */
export type MetricName =
  | 'CapturedRows'
  /** Features of the champion that alert. */
  | 'InputDrift'
  | 'PredictionDrift'
  | 'MaxPsi'
  /** Whether labels speak against the champion; with the loss and the coverage of the day that was scored last. */
  | 'QualityLoss'
  | 'Loss'
  | 'LabelCoverage'
  /** 1 when requests were answered and nothing of them was captured. */
  | 'CaptureStopped';
export type WindowMetrics = Readonly<Partial<Record<MetricName, number>>>;

/** Nothing for a window in which nothing happened: a metric is paid for in the hours that it has values. */
export function metricsOf({ captured, captureStopped, versions, quality }: WindowItem): WindowMetrics {
  if (captureStopped) return { CaptureStopped: 1 };
  const champion = versions.find((version) => version.champion && version.rows > 0);
  const scored = quality !== null && quality.scored.length > 0;
  return {
    ...(captured.rows > 0 ? { CapturedRows: captured.rows, CaptureStopped: 0 } : {}),
    ...(champion && champion.unjudged === null
      ? {
          InputDrift: champion.alerts.length,
          PredictionDrift: Number(isAlarm(champion.prediction)),
          ...(champion.maxPsi === null ? {} : { MaxPsi: champion.maxPsi }),
        }
      : {}),
    ...(quality && (scored || captured.rows > 0) ? { QualityLoss: Number(isAlarm(quality.signal)) } : {}),
    ...(scored && quality.loss !== null ? { Loss: quality.loss } : {}),
    ...(scored && quality.coverage !== null ? { LabelCoverage: quality.coverage } : {}),
  };
}
