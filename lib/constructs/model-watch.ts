import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Alias } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { Alarms, queueNotEmpty } from './alarms.ts';
import { PipelineFailed } from './pipeline-failed.ts';

export interface ModelWatchProps {
  readonly model: string;
  readonly topic: ITopic;
  /** Every machine of the model. */
  readonly machines: readonly StateMachine[];
  readonly training: StateMachine;
  readonly live: Alias;
  readonly intake: IQueue;
  readonly intakeDeadLetters: IQueue;
  readonly undelivered: IQueue;
  /** Costs 3 USD a month. */
  readonly dashboard: boolean;
}

/** What a person is told about a model, and what they see when they look. */
export class ModelWatch extends Construct {
  constructor(scope: Construct, id: string, props: ModelWatchProps) {
    super(scope, id);
    const { model, machines } = props;
    const failed = new PipelineFailed(this, 'Failed', { model, machines });
    new Alarms(this, 'Alarms', {
      topic: props.topic,
      rows: [
        {
          id: 'PipelineFailed',
          metric: failed.metric,
          severity: 'warning',
          broke: `a run, a rollout, a window or a reaction of ${model} failed, timed out or was stopped; the champion still answers`,
          runbook: 'pipeline-failed',
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
    if (props.dashboard) this.#dashboard(props, failed.metric);
  }

  #dashboard({ model, training, live, intake, intakeDeadLetters, undelivered }: ModelWatchProps, failed: IMetric) {
    const board = new Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(7) });
    board.addWidgets(
      graph(`Predictions of ${model}`, live.metricInvocations(), live.metricErrors(), live.metricThrottles()),
      graph(
        'Latency, ms',
        ...['p50', 'p95', 'p99'].map((statistic) => live.metricDuration({ statistic, label: statistic })),
      ),
    );
    board.addWidgets(
      graph('Runs', training.metricStarted(), training.metricSucceeded(), failed),
      graph('Waiting uploads', queueNotEmpty(intake), queueNotEmpty(intakeDeadLetters), queueNotEmpty(undelivered)),
    );
  }
}

const graph = (title: string, ...left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
