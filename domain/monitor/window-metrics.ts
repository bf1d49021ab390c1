/** What a window is to CloudWatch: a handful of numbers for a whole model, because every metric costs by the month. */
export interface WindowMetrics {
  readonly CapturedRows?: number;
  /** Features that alert now. */
  readonly InputDrift?: number;
  readonly PredictionDrift?: number;
  readonly MaxPsi?: number;
  readonly QualityLoss?: number;
  readonly Loss?: number;
  readonly LabelCoverage?: number;
  /** 1 when requests were answered and nothing of them was captured. */
  readonly CaptureStopped?: number;
}
