import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type NamedModelConfig, settingsJson } from '../../domain/model-config.ts';
import { OUTPUTS } from '../../domain/names.ts';
import type { EnvironmentConfig } from '../config/schema.ts';
import { Capture } from '../constructs/capture.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { Intake } from '../constructs/intake.ts';
import type { ModelParts } from '../constructs/model-parts.ts';
import { ModelWatch } from '../constructs/model-watch.ts';
import { MonitorAlarms } from '../constructs/monitor-alarms.ts';
import { Monitoring } from '../constructs/monitoring.ts';
import { Permissions, type SharedResources } from '../constructs/permissions.ts';
import { Prediction } from '../constructs/prediction.ts';
import { PredictionAlarms } from '../constructs/prediction-alarms.ts';
import { Reactions } from '../constructs/reactions.ts';
import { Retraining } from '../constructs/retraining.ts';
import { Rollouts } from '../constructs/rollouts.ts';
import { RuntimeLayers } from '../constructs/runtime-layers.ts';
import { Training } from '../constructs/training.ts';
import { Truth } from '../constructs/truth.ts';

export interface ModelStackProps extends StackProps {
  readonly model: NamedModelConfig;
  readonly environment: EnvironmentConfig;
  readonly shared: SharedResources;
  readonly codeCommit: string;
}

/** One model, from its uploads to its predictions; everything here can be rebuilt. */
export class ModelStack extends Stack {
  constructor(scope: Construct, id: string, props: ModelStackProps) {
    super(scope, id, props);
    const { model, shared, environment, codeCommit } = props;
    const undelivered = new DeadLetterQueue(this, 'Undelivered', { key: shared.key });
    const parts: ModelParts = {
      model,
      shared,
      undelivered,
      codeCommit,
      permissions: new Permissions(model.name, shared),
      layers: new RuntimeLayers(this, 'Layers'),
      defaults: {
        logRetentionDays: environment.logRetentionDays,
        key: shared.key,
        environment: {
          MODEL_CONFIG: settingsJson(model),
          DATA_BUCKET: shared.dataBucket.bucketName,
          ARTIFACT_BUCKET: shared.artifactBucket.bucketName,
          REGISTRY_TABLE: shared.registry.tableName,
          ALERTS_TOPIC_ARN: shared.alerts.topicArn,
        },
      },
    };

    const prediction = new Prediction(this, 'Prediction', parts);
    new Capture(this, 'Capture', { ...parts, prediction });
    const { alarms } = new PredictionAlarms(this, 'Callers', {
      model: model.name,
      topic: shared.alerts,
      live: prediction.live,
    });
    const rollouts = new Rollouts(this, 'Rollouts', { ...parts, prediction, alarms });
    const training = new Training(this, 'Training', { ...parts, rollouts });
    new Truth(this, 'Truth', parts);
    const intake = new Intake(this, 'Intake', { ...parts, training });
    const found = new MonitorAlarms(this, 'Monitored', { model: model.name, topic: shared.alerts });
    const reactions = new Reactions(this, 'Reactions', {
      ...parts,
      rollouts,
      training: training.machine,
      retrain: new Retraining(this, 'Retraining', parts).function,
      alarms: found.alarms,
    });
    const monitoring = new Monitoring(this, 'Monitoring', { ...parts, prediction, reactions: reactions.machine });
    new ModelWatch(this, 'Watch', {
      model: model.name,
      topic: shared.alerts,
      machines: [training.machine, rollouts.machine, monitoring.machine, reactions.machine],
      training: training.machine,
      live: prediction.live,
      intake: intake.queue,
      intakeDeadLetters: intake.deadLetters,
      undelivered,
      dashboard: environment.dashboard,
    });

    new CfnOutput(this, OUTPUTS.trainStateMachine, { value: training.machine.stateMachineArn });
    new CfnOutput(this, OUTPUTS.rolloutStateMachine, { value: rollouts.machine.stateMachineArn });
    new CfnOutput(this, OUTPUTS.monitorStateMachine, { value: monitoring.machine.stateMachineArn });
    new CfnOutput(this, OUTPUTS.reactStateMachine, { value: reactions.machine.stateMachineArn });
    new CfnOutput(this, OUTPUTS.predictFunction, { value: prediction.function.functionName });
    new CfnOutput(this, OUTPUTS.predictUrl, { value: prediction.url.url });
  }
}
