import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface AlarmRow {
  readonly id: string;
  /** Alarms when one period of it is above the threshold. */
  readonly metric: IMetric;
  /** @default 0 */
  readonly threshold?: number;
  /** `critical`: callers are affected now. `warning`: something waits for a person. */
  readonly severity: 'critical' | 'warning';
  /** What is not as it should be, as the rest of a sentence. */
  readonly broke: string;
  /** The heading in docs/runbook.md. */
  readonly runbook: string;
  /**
   * What no data means: all rows so far count events, so silence is good news.
   * @default TreatMissingData.NOT_BREACHING
   */
  readonly missing?: TreatMissingData;
}

export interface AlarmsProps {
  readonly topic: ITopic;
  readonly rows: readonly AlarmRow[];
}

/** A table of alarms that tell the topic when they go off and when they are over. */
export class Alarms extends Construct {
  readonly alarms: Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const action = new SnsAction(props.topic);
    this.alarms = props.rows.map((row) => {
      const alarm = new Alarm(this, row.id, {
        alarmDescription: description(this, row),
        metric: row.metric,
        threshold: row.threshold ?? 0,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: row.missing ?? TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
  }
}

function description(scope: Construct, { severity, broke, runbook }: AlarmRow): string {
  const { region, stackName } = Stack.of(scope);
  const console = `https://console.aws.amazon.com/cloudwatch/home?region=${region}#alarmsV2:?search=${stackName}`;
  return `[${severity}] ${stackName}: ${broke}. What to do: docs/runbook.md#${runbook}. ${console}`;
}

/** Messages that wait in a queue that should be empty. */
export const queueNotEmpty = (queue: IQueue) =>
  queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' });
