import { Duration } from 'aws-cdk-lib';
import { type Alarm, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { WindowMetrics } from '../../domain/monitor/window-metrics.ts';
import { METRIC_NAMESPACE } from '../../domain/names.ts';
import { Alarms } from './alarms.ts';

export interface MonitorAlarmsProps {
  readonly model: string;
  readonly topic: ITopic;
}

/**
 * What the windows of live predictions find. The accumulators start anew after they alert, so the largest value of a day is
 * looked at: an alarm that goes on and off with every window would tell nothing. Without a window nothing is known, and an
 * alarm stays as it is.
 */
export class MonitorAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { model, topic }: MonitorAlarmsProps) {
    super(scope, id);
    const missing = TreatMissingData.IGNORE;
    this.alarms = new Alarms(this, 'Alarms', {
      topic,
      rows: [
        {
          id: 'InputDrift',
          metric: ofWindows(model, 'InputDrift'),
          severity: 'warning',
          broke: `the data that ${model} is asked about is not like its training data`,
          runbook: 'input-drift',
          missing,
        },
        {
          id: 'PredictionDrift',
          metric: ofWindows(model, 'PredictionDrift'),
          severity: 'warning',
          broke: `the predictions of ${model} are not like those on its test rows`,
          runbook: 'prediction-drift',
          missing,
        },
        {
          id: 'Quality',
          metric: ofWindows(model, 'QualityLoss'),
          severity: 'critical',
          broke: `labels show that ${model} errs more than at its evaluation`,
          runbook: 'quality-loss',
          missing,
        },
        {
          id: 'CaptureStopped',
          metric: ofWindows(model, 'CaptureStopped'),
          severity: 'critical',
          broke: `${model} is asked and answers, and nothing of it is captured`,
          runbook: 'capture-stopped',
          missing,
        },
      ],
    }).alarms;
  }
}

const ofWindows = (model: string, metricName: keyof WindowMetrics) =>
  new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { Model: model },
    period: Duration.days(1),
    statistic: 'Maximum',
  });
