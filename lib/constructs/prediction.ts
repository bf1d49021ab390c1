import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Alias, type FunctionUrl, FunctionUrlAuthType, type IFunction, Version } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { CaptureSettings } from '../../domain/capture.ts';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';

/**
 * Serves the champion. Every model version is a published version of the function; where the alias `live` points is
 * decided by rollouts, never by a deployment: the template names the first version, which answers 503, for good.
 */
export class Prediction extends Construct {
  readonly function: IFunction;
  readonly live: Alias;
  readonly url: FunctionUrl;
  /** One line for each request. */
  readonly logs: ILogGroup;

  constructor(scope: Construct, id: string, props: ModelParts) {
    super(scope, id);
    const { model, permissions, defaults } = props;
    const predict = new Handler(this, 'Predict', {
      entry: 'predict',
      description: `Answers predictions of ${model.name}`,
      timeout: Duration.seconds(30),
      memory: model.serving.memory,
      layers: [props.layers.modelRuntime],
      may: [permissions.readRuns()],
      environment: {
        MODEL_NAME: model.name,
        MODEL: '',
        // Part of what a published version keeps: other settings reach the traffic as other code does, by a rollout.
        CAPTURE: JSON.stringify(captureSettings(model)),
      },
      defaults: { ...defaults, environment: {} },
      permissions,
    });
    this.function = predict.function;
    this.logs = predict.logs;
    // Not `currentVersion`: its logical id changes with the code, and the alias would follow it on every deployment.
    const first = new Version(this, 'FirstVersion', {
      lambda: predict.function,
      description: 'Answers 503 until there is a champion',
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.live = new Alias(this, 'Live', { aliasName: LIVE_ALIAS, version: first });
    this.url = this.live.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM });
  }
}

/** What callers ask is written down only where somebody reads it: a shadow copies it to the challenger. */
const captureSettings = ({ rollout, problem }: NamedModelConfig): CaptureSettings => ({
  sample: rollout.kind === 'shadow' ? 1 : 0,
  redact: problem.ignore,
});
