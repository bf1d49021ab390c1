import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import {
  captureErrorsPrefix,
  capturesPrefix,
  labelsPrefix,
  registryPartition,
  trainingPrefix,
  truthPrefix,
} from '../../domain/names.ts';
import { WildcardStatement } from './wildcard-statement.ts';

/** What the data stack lends to the stack of a model. */
export interface SharedResources {
  readonly dataBucket: IBucket;
  readonly artifactBucket: IBucket;
  readonly registry: ITable;
  readonly alerts: ITopic;
  /** The environment's key, where the customer manages it. */
  readonly key?: IKey;
}

/** Actions on items of the registry; a transaction is authorized as the puts that it is made of. */
export type RegistryAction = 'GetItem' | 'Query' | 'PutItem';

/** The statements that handlers of one model may be given; none reaches another model's objects or items. */
export class Permissions {
  readonly #model: string;
  readonly #shared: SharedResources;

  constructor(model: string, shared: SharedResources) {
    this.#model = model;
    this.#shared = shared;
  }

  /** Uploads by the version that a run is pinned to; `latest` for who may also ask which version that is now. */
  readUploads(also?: 'latest'): PolicyStatement {
    return this.#data(also ? ['s3:GetObject', 's3:GetObjectVersion'] : ['s3:GetObjectVersion'], 'training/*');
  }

  /** Moving a refused upload aside: the copy is written, the current version of the key is deleted. */
  moveUploads(): PolicyStatement[] {
    return [this.#data(['s3:PutObject'], 'quarantine/*'), this.#data(['s3:DeleteObject'], 'training/*')];
  }

  /** Names and versions of the uploads, never their content. */
  listUploads(): PolicyStatement {
    return listVersions(this.#shared.dataBucket, trainingPrefix(this.#model));
  }

  /** What Firehose asks for, https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html, but for reading. */
  writeCaptures(): WildcardStatement {
    const actions = [
      'PutObject',
      'AbortMultipartUpload',
      'GetBucketLocation',
      'ListBucket',
      'ListBucketMultipartUploads',
    ];
    const { dataBucket } = this.#shared;
    const arn = Stack.of(dataBucket).exportValue(dataBucket.bucketArn);
    const keys = [capturesPrefix(this.#model), captureErrorsPrefix(this.#model)];
    return new WildcardStatement(
      {
        actions: actions.map((action) => `s3:${action}`),
        resources: [arn, ...keys.map((prefix) => `${arn}/${prefix}*`)],
      },
      'Firehose names its objects itself; the statement ends at the captures of the model.',
    );
  }

  readCaptures(): PolicyStatement[] {
    return [this.#data(['s3:GetObject'], 'captures/*'), list(this.#shared.dataBucket, capturesPrefix(this.#model))];
  }

  readLabels(): PolicyStatement[] {
    const { artifactBucket } = this.#shared;
    return [
      objects(artifactBucket, ['s3:GetObject'], `${labelsPrefix(this.#model)}*`),
      list(artifactBucket, labelsPrefix(this.#model)),
    ];
  }

  writeLabels(): PolicyStatement {
    const actions = ['s3:PutObject', 's3:AbortMultipartUpload'];
    return objects(this.#shared.artifactBucket, actions, `${labelsPrefix(this.#model)}*`);
  }

  /** Late labels: read, and moved aside where they cannot be used. */
  readTruth(): PolicyStatement[] {
    return [
      this.#data(['s3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject'], 'truth/*'),
      this.#data(['s3:PutObject'], 'quarantine/*'),
      listVersions(this.#shared.dataBucket, truthPrefix(this.#model)),
    ];
  }

  /** A dataset that the model's own predictions are part of; it goes the way of every upload from there. */
  writeRetraining(): PolicyStatement[] {
    return [
      this.#data(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], 'training/retrain/*'),
      list(this.#shared.dataBucket, `${trainingPrefix(this.#model)}retrain/`),
    ];
  }

  /** What was looked at in windows of live predictions, and their reports. */
  windows(...actions: ('GetObject' | 'PutObject')[]): WildcardStatement {
    const names = actions.map((action) => `s3:${action}`);
    return objects(this.#shared.artifactBucket, names, `${this.#model}/windows/*`);
  }

  readRuns(): PolicyStatement {
    return this.#runs(['s3:GetObject']);
  }

  /** `multipart` for tables, which are uploaded in parts and given up if one fails. */
  writeRuns(size?: 'multipart'): PolicyStatement {
    return this.#runs(size ? ['s3:PutObject', 's3:AbortMultipartUpload'] : ['s3:PutObject']);
  }

  registry(...actions: RegistryAction[]): PolicyStatement {
    return new PolicyStatement({
      actions: actions.map((action) => `dynamodb:${action}`),
      resources: [this.#shared.registry.tableArn],
      conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [registryPartition(this.#model)] } },
    });
  }

  announce(): PolicyStatement {
    return new PolicyStatement({ actions: ['sns:Publish'], resources: [this.#shared.alerts.topicArn] });
  }

  /** The environment's key, only through the services that hold our data; nothing where AWS manages the keys. */
  useKey(role: IRole): PolicyStatement[] {
    if (!this.#shared.key) return [];
    const { region } = Stack.of(role);
    return [
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [this.#shared.key.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': ['s3', 'dynamodb', 'sqs', 'sns'].map((service) => `${service}.${region}.amazonaws.com`),
          },
        },
      }),
    ];
  }

  #data(actions: string[], keys: string): PolicyStatement {
    return objects(this.#shared.dataBucket, actions, `${this.#model}/${keys}`);
  }

  #runs(actions: string[]): PolicyStatement {
    return objects(this.#shared.artifactBucket, actions, `${this.#model}/runs/*`);
  }
}

/** Names and versions of objects below exactly this prefix. */
function listVersions(bucket: IBucket, prefix: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:ListBucketVersions'],
    resources: [bucket.bucketArn],
    conditions: { StringEquals: { 's3:prefix': prefix } },
  });
}

/** Names of objects below a prefix, and of its folders. */
function list(bucket: IBucket, prefix: string): PolicyStatement {
  return new PolicyStatement({
    actions: ['s3:ListBucket'],
    resources: [bucket.bucketArn],
    conditions: { StringLike: { 's3:prefix': `${prefix}*` } },
  });
}

function objects(bucket: IBucket, actions: string[], keys: string): WildcardStatement {
  // The name that the ARN is imported by in other stacks: cdk-nag wants it in the acknowledgement.
  const arn = Stack.of(bucket).exportValue(bucket.bucketArn);
  return new WildcardStatement(
    { actions, resources: [`${arn}/${keys}`] },
    `Keys of objects are not known beforehand; the statement ends at ${keys}.`,
  );
}
