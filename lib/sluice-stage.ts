import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { dataStackName, modelStackName } from '../domain/names.ts';
import type { EnvironmentConfig, SluiceConfig } from './config/schema.ts';
import { DataStack } from './stacks/data-stack.ts';
import { ModelStack } from './stacks/model-stack.ts';

export interface SluiceStageProps {
  readonly environment: EnvironmentConfig;
  readonly models: SluiceConfig['models'];
  /** The commit that the templates are made from. */
  readonly codeCommit: string;
}

/** One environment: the data that stays, and a stack for each model. */
export class SluiceStage extends Stage {
  constructor(scope: Construct, id: string, props: SluiceStageProps) {
    const { account, region } = props.environment;
    super(scope, id, { env: { account, region } });
    const { environment, models, codeCommit } = props;
    const shared = new DataStack(this, 'Data', {
      stackName: dataStackName(id),
      description: `Sluice ${id}: datasets, artifacts, registry`,
      environment,
      models,
    });
    for (const [name, model] of Object.entries(models)) {
      new ModelStack(this, name, {
        stackName: modelStackName(id, name),
        description: `Sluice ${id}: model ${name}`,
        model: { ...model, name },
        environment,
        shared,
        codeCommit,
      });
    }
  }
}
