import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Alarms, queueNotEmpty } from './alarms.ts';

export interface ModelWatchProps {
  readonly model: string;
  readonly topic: ITopic;
  readonly training: StateMachine;
  readonly live: Alias;
  readonly intake: IQueue;
  readonly intakeDeadLetters: IQueue;
  readonly undelivered: IQueue;
}

/** What a person is told about a model, and what they see when they look. */
export class ModelWatch extends Construct {
  constructor(scope: Construct, id: string, props: ModelWatchProps) {
    super(scope, id);
    const { model, training } = props;
    new Alarms(this, 'Alarms', {
      topic: props.topic,
      rows: [
        {
          id: 'RunFailed',
          metric: failedRuns(training),
          severity: 'warning',
          broke: `a training run of ${model} failed, timed out or was stopped; the champion still answers`,
          runbook: 'run-failed',
        },
        {
          id: 'IntakeDeadLetters',
          metric: queueNotEmpty(props.intakeDeadLetters),
          severity: 'warning',
          broke: `an upload for ${model} could not be taken in`,
          runbook: 'intake-dead-letters',
        },
        {
          id: 'Undelivered',
          metric: queueNotEmpty(props.undelivered),
          severity: 'warning',
          broke: `an event of ${model} could not be delivered`,
          runbook: 'undelivered-messages',
        },
      ],
    });
    this.#dashboard(props);
  }

  #dashboard({ model, training, live, intake, intakeDeadLetters, undelivered }: ModelWatchProps) {
    const board = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(7) });
    board.addWidgets(
      graph(`Predictions of ${model}`, live.metricInvocations(), live.metricErrors(), live.metricThrottles()),
      graph(
        'Latency, ms',
        ...['p50', 'p95', 'p99'].map((statistic) => live.metricDuration({ statistic, label: statistic })),
      ),
    );
    board.addWidgets(
      graph('Runs', training.metricStarted(), training.metricSucceeded(), failedRuns(training)),
      graph('Waiting uploads', queueNotEmpty(intake), queueNotEmpty(intakeDeadLetters), queueNotEmpty(undelivered)),
    );
  }
}

const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: 12 });

function failedRuns(machine: StateMachine): MathExpression {
  const options: MetricOptions = { period: Duration.minutes(5), statistic: 'Sum' };
  return new MathExpression({
    label: 'Runs that did not end well',
    // A metric without data makes the sum empty, so each is filled.
    expression: 'FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
    usingMetrics: {
      failed: machine.metricFailed(options),
      timedOut: machine.metricTimedOut(options),
      aborted: machine.metricAborted(options),
    },
    period: Duration.minutes(5),
  });
}
