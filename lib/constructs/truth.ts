import { Duration, Size } from 'aws-cdk-lib';
import { Match, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { truthPrefix } from '../../domain/names.ts';
import { Handler } from './handler.ts';
import type { ModelParts } from './model-parts.ts';
import { PATIENT } from './rule-targets.ts';

/** Takes in late labels: every upload under `<model>/truth/` is read, checked and kept for whoever watches the model. */
export class Truth extends Construct {
  constructor(scope: Construct, id: string, props: ModelParts) {
    super(scope, id);
    const { model, shared, permissions, layers, undelivered, defaults } = props;
    const take = new Handler(this, 'Take', {
      entry: 'truth',
      description: `Takes in late labels of ${model.name}`,
      timeout: Duration.minutes(10),
      memory: 2048,
      // An upload of 2 GB, what DuckDB spills, and the labels that are written.
      scratch: Size.gibibytes(10),
      layers: [layers.dataEngine],
      may: [
        ...permissions.readTruth(),
        permissions.writeLabels(),
        permissions.registry('GetItem', 'Query', 'PutItem'),
        permissions.announce(),
      ],
      undelivered,
      defaults,
      permissions,
    });
    new Rule(this, 'Uploads', {
      description: `Late labels of ${model.name}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [shared.dataBucket.bucketName] },
          object: { key: Match.prefix(truthPrefix(model.name)) },
        },
      },
      targets: [new LambdaFunction(take.function, { deadLetterQueue: undelivered, ...PATIENT })],
    });
    new Rule(this, 'Daily', {
      description: `Finds late labels of ${model.name} whose event was lost`,
      schedule: Schedule.rate(Duration.days(1)),
      targets: [
        new LambdaFunction(take.function, {
          event: RuleTargetInput.fromObject({ lost: true }),
          deadLetterQueue: undelivered,
          maxEventAge: Duration.hours(1),
          retryAttempts: 3,
        }),
      ],
    });
  }
}
