import { Stack } from 'aws-cdk-lib';
import { EventField, Match, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { trainingPrefix, truthPrefix } from '../../domain/names.ts';
import { topicTarget } from './rule-targets.ts';

export interface MisplacedUploadsProps {
  readonly bucket: IBucket;
  readonly models: readonly string[];
  readonly alerts: ITopic;
  readonly undelivered: IQueue;
  /** What the topic is encrypted with. @default the key of SNS */
  readonly key?: IKey;
}

/** Tells when an object lands where no model looks: an upload must never just lie there. */
export class MisplacedUploads extends Construct {
  constructor(scope: Construct, id: string, props: MisplacedUploadsProps) {
    super(scope, id);
    const rule = new Rule(this, 'Rule', {
      description: 'Objects in the data bucket that belong to no model',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [props.bucket.bucketName] },
          object: { key: Match.anythingButPrefix(...expectedPrefixes(props.models)) },
        },
      },
    });
    const stack = Stack.of(this);
    const { account, stackName } = stack;
    const role = new Role(this, 'PublishRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({ service: 'events', resource: 'rule', resourceName: `${stackName}-*` }),
          },
        },
      }),
    });
    if (props.key) {
      role.addToPolicy(
        new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [props.key.keyArn] }),
      );
    }
    const text = RuleTargetInput.fromText(message(props.models));
    rule.addTarget(topicTarget(props.alerts, { role, message: text, deadLetterQueue: props.undelivered }));
  }
}

function message(models: readonly string[]): string {
  const key = EventField.fromPath('$.detail.object.key');
  const bucket = EventField.fromPath('$.detail.bucket.name');
  const shown = models.slice(0, 20).map((model) => `${trainingPrefix(model)} or ${truthPrefix(model)}`);
  const more = models.length > shown.length ? ` (and the same of ${models.length - shown.length} more models)` : '';
  return `Sluice found ${key} in ${bucket}, where no model looks. Nothing was done with it. Expected places: ${shown.join(', ')}${more}. Copy it there to train with it.`;
}

/** EventBridge takes patterns of up to 2 048 characters; about a third of it is for the rest of the pattern. */
const LONGEST_LIST = 1_400;

/** Where objects belong; with very many models only "in the folder of a model". */
export function expectedPrefixes(models: readonly string[]): string[] {
  const precise = models.flatMap((model) => [
    trainingPrefix(model),
    truthPrefix(model),
    `${model}/quarantine/`,
    // What Firehose writes: captures/ and capture-errors/.
    `${model}/capture`,
  ]);
  return JSON.stringify(precise).length <= LONGEST_LIST ? precise : models.map((model) => `${model}/`);
}
