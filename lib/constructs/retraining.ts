import { Duration, Size } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';

/** Composes datasets out of labelled predictions, for whoever decides that a model is trained anew. */
export class Retraining extends Construct {
  readonly function: IFunction;

  constructor(scope: Construct, id: string, { model, permissions, layers, defaults }: ModelParts) {
    super(scope, id);
    this.function = new Handler(this, 'Compose', {
      entry: 'retrain',
      description: `Composes a dataset for ${model.name} out of labelled predictions`,
      timeout: Duration.minutes(15),
      memory: 3008,
      // The last dataset, captures a few at a time, what DuckDB spills, and the new dataset.
      scratch: Size.gibibytes(10),
      layers: [layers.dataEngine],
      may: [
        ...permissions.readCaptures(),
        ...permissions.readLabels(),
        permissions.readUploads(),
        permissions.readRuns(),
        ...permissions.writeRetraining(),
        permissions.registry('GetItem'),
      ],
      defaults,
      permissions,
    }).function;
  }
}
