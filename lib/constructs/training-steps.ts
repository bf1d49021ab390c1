import { createHash } from 'node:crypto';
import { Duration, Size } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Handler, type HandlerProps } from './handler.ts';
import type { ModelParts } from './model-parts.ts';

export interface TrainingStepsProps extends ModelParts {
  /** The machine that calls the steps; as text, because it is made after them. */
  readonly machineArn: string;
}

/** A dataset of 2 GB, what DuckDB spills while it sorts, and the split that is written. */
const DATASET_SCRATCH = Size.gibibytes(10);

/** The functions of the training state machine, in the order of its story. */
export class TrainingSteps extends Construct {
  /** By the name that the definition calls them. */
  readonly byName: Record<string, IFunction>;
  readonly settle: IFunction;

  constructor(scope: Construct, id: string, props: TrainingStepsProps) {
    super(scope, id);
    const { permissions, layers, model } = props;
    const step = (name: string, props_: Omit<HandlerProps, 'defaults' | 'permissions'>) =>
      new Handler(this, name, { ...props_, defaults: props.defaults, permissions });

    const admit = step('Admit', {
      entry: 'admit',
      description: `Lets a run of ${model.name} begin if it is still wanted`,
      timeout: Duration.seconds(30),
      memory: 512,
      may: [permissions.registry('GetItem', 'PutItem')],
    });
    const validate = step('Validate', {
      entry: 'validate',
      description: `Checks a dataset for ${model.name} against its schema`,
      timeout: Duration.minutes(10),
      memory: 2048,
      scratch: DATASET_SCRATCH,
      layers: [layers.dataEngine],
      may: [permissions.readUploads(), permissions.writeRuns(), permissions.registry('GetItem')],
    });
    const quarantine = step('Quarantine', {
      entry: 'quarantine',
      description: `Moves a refused dataset of ${model.name} aside`,
      timeout: Duration.minutes(5),
      memory: 512,
      may: [permissions.readUploads('latest'), ...permissions.moveUploads(), permissions.readRuns()],
    });
    const split = step('Split', {
      entry: 'split',
      description: `Splits and profiles a dataset for ${model.name}`,
      timeout: Duration.minutes(10),
      memory: 2048,
      scratch: DATASET_SCRATCH,
      layers: [layers.dataEngine],
      may: [permissions.readUploads(), permissions.readRuns(), permissions.writeRuns('multipart')],
    });
    const train = step('Train', {
      entry: 'train',
      description: `Trains one candidate for ${model.name}`,
      timeout: Duration.minutes(15),
      memory: model.training.memory,
      scratch: Size.gibibytes(4),
      layers: [layers.modelRuntime],
      may: [permissions.readRuns(), permissions.writeRuns()],
    });
    const evaluate = step('Evaluate', {
      entry: 'evaluate',
      description: `Scores candidates and champion of ${model.name} in the serving code`,
      timeout: Duration.minutes(15),
      memory: 3008,
      scratch: Size.gibibytes(4),
      layers: [layers.modelRuntime],
      may: [permissions.readRuns(), permissions.writeRuns(), permissions.registry('GetItem')],
    });
    const judge = step('Judge', {
      entry: 'judge',
      description: `Asks the gates of ${model.name}`,
      timeout: Duration.minutes(5),
      memory: 1769,
      may: [permissions.readRuns(), permissions.writeRuns()],
    });
    const register = step('Register', {
      entry: 'register',
      description: `Gives a candidate of ${model.name} its version and its card`,
      timeout: Duration.minutes(1),
      memory: 512,
      may: [permissions.readRuns(), permissions.writeRuns(), permissions.registry('GetItem', 'PutItem')],
      environment: { CODE_COMMIT: props.codeCommit, CODE_FINGERPRINT: fingerprint([validate, split, train, evaluate]) },
    });
    const requestApproval = step('RequestApproval', {
      entry: 'request-approval',
      description: `Asks a person about a version of ${model.name}`,
      timeout: Duration.seconds(30),
      memory: 512,
      may: [permissions.registry('GetItem', 'PutItem'), permissions.announce()],
    });
    const settle = step('Settle', {
      entry: 'settle',
      description: `Records and announces how a run of ${model.name} ended and starts the one that waits`,
      timeout: Duration.minutes(1),
      memory: 512,
      may: [
        permissions.registry('GetItem', 'PutItem'),
        permissions.announce(),
        new PolicyStatement({ actions: ['states:StartExecution'], resources: [props.machineArn] }),
      ],
      environment: { TRAIN_STATE_MACHINE_ARN: props.machineArn },
      undelivered: props.undelivered,
    });

    this.settle = settle.function;
    this.byName = Object.fromEntries(
      Object.entries({
        Admit: admit,
        Validate: validate,
        Quarantine: quarantine,
        Split: split,
        Train: train,
        Evaluate: evaluate,
        Judge: judge,
        Register: register,
        RequestApproval: requestApproval,
        Settle: settle,
      }).map(([name, handler]) => [name, handler.function]),
    );
  }
}

/** Changes when the code that makes a model out of data does. */
const fingerprint = (handlers: Handler[]) =>
  createHash('sha256')
    .update(handlers.map((handler) => handler.codeFingerprint).join())
    .digest('hex')
    .slice(0, 16);
