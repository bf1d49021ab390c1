import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface ParameterRecord {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  readonly description?: string;
  readonly version: number;
  /** ms since the epoch */
  readonly modified: number;
}

/** Where the CDK's CLI leaves the version of the bootstrap stack; templates check that it is recent enough. */
const BOOTSTRAP_VERSION = { name: '/cdk-bootstrap/hnb659fds/version', value: '30' };

/** SSM's parameter store: plain parameters. */
export const ssmService: ServiceFactory = (context) => {
  const parameters = context.store.collection<ParameterRecord>('ssm.parameters');
  if (!parameters.has(BOOTSTRAP_VERSION.name)) putParameter(context, parameters, BOOTSTRAP_VERSION);

  return {
    name: 'ssm',
    target: 'AmazonSSM',
    jsonVersion: '1.1',
    operations: {
      GetParameter: {
        access: ({ Name: name }) => [{ action: 'ssm:GetParameter', resource: parameterArn(context, String(name)) }],
        async handle({ Name: name }) {
          const parameter = parameters.get(String(name));
          if (!parameter) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
          return { Parameter: description(context, parameter) };
        },
      },
      GetParameters: {
        access: (input) =>
          namesIn(input).map((name) => ({ action: 'ssm:GetParameters', resource: parameterArn(context, name) })),
        async handle(input) {
          const names = namesIn(input);
          const found = names.flatMap((name) => parameters.get(name) ?? []);
          return {
            Parameters: found.map((parameter) => description(context, parameter)),
            InvalidParameters: names.filter((name) => !parameters.has(name)),
          };
        },
      },
      PutParameter: {
        access: ({ Name: name }) => [{ action: 'ssm:PutParameter', resource: parameterArn(context, String(name)) }],
        async handle({ Name: name, Value: value, Type: type, Description: text, Overwrite: overwrite, ...others }) {
          for (const other of Object.keys(others)) throw new Unsupported(`${other} of PutParameter`);
          if (parameters.has(String(name)) && overwrite !== true) {
            const message =
              'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.';
            throw new AwsError('ParameterAlreadyExists', message);
          }
          const description = text === undefined ? {} : { description: String(text) };
          const written = {
            name: String(name),
            value: String(value),
            type: type as string | undefined,
            ...description,
          };
          return { Version: putParameter(context, parameters, written).version, Tier: 'Standard' };
        },
      },
      DeleteParameter: {
        access: ({ Name: name }) => [{ action: 'ssm:DeleteParameter', resource: parameterArn(context, String(name)) }],
        async handle({ Name: name }) {
          if (!parameters.delete(String(name))) throw new AwsError('ParameterNotFound', `Parameter ${name} not found.`);
          return {};
        },
      },
    },
    resourceTypes: [
      {
        type: 'AWS::SSM::Parameter',
        properties: ['Description', 'Name', 'Type', 'Value'],
        ignored: { Tags: 'no parameter is found by its tags', Tier: 'every parameter is a small one' },
        replacing: ['Name', 'Type'],
        async create(request) {
          const name = String(request.properties.Name ?? request.physicalName({ length: 2048 }));
          if (parameters.has(name))
            throw new AwsError('ParameterAlreadyExists', `The parameter ${name} already exists.`);
          return provisioned(putParameter(context, parameters, { ...declared(request.properties), name }));
        },
        async update({ physicalId, properties }) {
          return provisioned(putParameter(context, parameters, { ...declared(properties), name: physicalId }));
        },
        async delete({ physicalId }) {
          parameters.delete(physicalId);
        },
      },
    ],
  };
};

function putParameter(
  context: CloudContext,
  parameters: Collection<ParameterRecord>,
  { type, ...written }: { name: string; value: string; type?: string; description?: string },
): ParameterRecord {
  const known = parameters.get(written.name);
  const kind = type ?? known?.type ?? 'String';
  if (kind !== 'String' && kind !== 'StringList') throw new Unsupported(`SSM parameters of the type ${kind}`);
  const version = (known?.version ?? 0) + 1;
  const parameter = { ...written, type: kind, version, modified: context.clock.now() };
  parameters.set(parameter.name, parameter);
  return parameter;
}

function declared({ Value: value, Type: type, Description: text }: Document) {
  return {
    value: String(value),
    type: String(type),
    ...(text === undefined ? {} : { description: String(text) }),
  };
}

function provisioned({ name, type, value }: ParameterRecord) {
  return { physicalId: name, attributes: { Type: type, Value: value } };
}

function description(context: CloudContext, parameter: ParameterRecord): Document {
  return {
    Name: parameter.name,
    Type: parameter.type,
    Value: parameter.value,
    Version: parameter.version,
    LastModifiedDate: new Date(parameter.modified),
    ARN: parameterArn(context, parameter.name),
    DataType: 'text',
  };
}

function parameterArn({ region, account }: CloudContext, name: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter${name.startsWith('/') ? '' : '/'}${name}`;
}

function namesIn(input: Document): string[] {
  return (input.Names ?? []) as string[];
}
