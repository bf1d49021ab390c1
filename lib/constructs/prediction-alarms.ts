import { Duration } from 'aws-cdk-lib';
import { type Alarm, type IMetric, MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { Alarms } from './alarms.ts';

export interface PredictionAlarmsProps {
  readonly model: string;
  readonly topic: ITopic;
  readonly live: Alias;
}

/** What callers of a model must never meet, whichever version answers; each also stops a rollout. */
export class PredictionAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { model, topic, live }: PredictionAlarmsProps) {
    super(scope, id);
    this.alarms = new Alarms(this, 'Alarms', {
      topic,
      rows: [
        {
          id: 'PredictErrors',
          metric: failedShare(live),
          threshold: 5,
          severity: 'critical',
          broke: `more than 5 % of the predictions of ${model} fail`,
          runbook: 'predict-errors',
        },
        {
          id: 'PredictLatency',
          metric: live.metricDuration({ period: Duration.minutes(5), statistic: 'p95' }),
          threshold: 3_000,
          severity: 'critical',
          broke: `one in twenty predictions of ${model} takes more than 3 seconds`,
          runbook: 'predict-latency',
        },
        {
          id: 'PredictThrottles',
          metric: live.metricThrottles({ period: Duration.minutes(5), statistic: 'Sum' }),
          severity: 'critical',
          broke: `predictions of ${model} are throttled`,
          runbook: 'predict-throttles',
        },
      ],
    }).alarms;
  }
}

/** Per cent. One failure among few requests counts as much as it means to those few. */
function failedShare(live: Alias): IMetric {
  const options = { period: Duration.minutes(5), statistic: 'Sum' };
  return new MathExpression({
    label: 'Predictions that fail, %',
    expression: '100 * errors / requests',
    usingMetrics: { errors: live.metricErrors(options), requests: live.metricInvocations(options) },
    period: Duration.minutes(5),
  });
}
