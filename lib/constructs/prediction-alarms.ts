import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
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
          // Lambda sends a 0 or a 1 for each invocation: their mean is the share that fails, for the price of one metric.
          metric: live.metricErrors({ period: Duration.minutes(5), statistic: 'Average' }),
          threshold: 0.05,
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
