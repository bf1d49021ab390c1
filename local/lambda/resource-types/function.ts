import type { ResourceRequest, ResourceResult, ResourceType } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import { lambdaError } from '../errors.ts';
import type { Functions } from '../functions.ts';
import { reserveConcurrency } from '../operations/settings.ts';
import type { CodeSnapshot } from '../state.ts';
import { templateCode } from './template-code.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html */
export function functionType(functions: Functions): ResourceType {
  const { state, codes } = functions;
  const codeOf = (request: ResourceRequest): Promise<CodeSnapshot> =>
    templateCode(codes, (request.properties.Code ?? {}) as Document, request.assembly);
  const result = (name: string): ResourceResult => ({ physicalId: name, attributes: { Arn: state.arn(name) } });

  return {
    type: 'AWS::Lambda::Function',
    properties: [
      'Code',
      'DeadLetterConfig',
      'Description',
      'Environment',
      'FunctionName',
      'Handler',
      'Layers',
      'LoggingConfig',
      'MemorySize',
      'PackageType',
      'ReservedConcurrentExecutions',
      'Role',
      'Runtime',
      'Tags',
      'Timeout',
      'TracingConfig',
    ],
    ignored: {
      Architectures: "handlers run on the host's processor",
      EphemeralStorage: "temporary files are on the host's disk, without a limit of their own",
      KmsKeyArn: 'variables are kept as they are',
    },
    replacing: ['FunctionName', 'PackageType'],
    async create(request) {
      const { properties } = request;
      if (properties.PackageType !== undefined && properties.PackageType !== 'Zip') {
        throw lambdaError.invalid(
          `The local cloud runs functions of PackageType Zip, not ${String(properties.PackageType)}`,
        );
      }
      const name =
        properties.FunctionName === undefined ? request.physicalName({ length: 64 }) : String(properties.FunctionName);
      functions.create(name, properties, await codeOf(request), tagsOf(properties));
      reserveConcurrency(state, name, properties.ReservedConcurrentExecutions);
      return result(name);
    },
    async update(request) {
      const { physicalId: name, properties } = request;
      functions.replace(name, properties, await codeOf(request));
      reserveConcurrency(state, name, properties.ReservedConcurrentExecutions);
      state.functions.set(name, { ...state.function(name), tags: tagsOf(properties) });
      return result(name);
    },
    async delete({ physicalId }) {
      if (state.functions.has(physicalId)) functions.delete(physicalId);
    },
  };
}

function tagsOf(properties: Document): Record<string, string> {
  const tags = (properties.Tags ?? []) as { Key: string; Value: string }[];
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));
}
