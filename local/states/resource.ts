import { AwsError } from '../kernel/errors.ts';
import type { ResourceRequest, ResourceResult, ResourceType } from '../kernel/resource-type.ts';
import type { Call, Document, Operation } from '../kernel/service.ts';
import type { StatesCore } from './api/core.ts';

/** `AWS::StepFunctions::StateMachine` */
export function stateMachineType(core: StatesCore, operations: Readonly<Record<string, Operation>>): ResourceType {
  const run = (action: string, input: Document, { work }: Pick<ResourceRequest, 'work'>) => {
    const call: Call = { requestId: 'provisioning', principal: { kind: 'cloud' }, work };
    return (operations[action] as Operation).handle(input, call);
  };
  const resultOf = (stateMachineArn: string): ResourceResult => {
    const { name, revisionId } = core.machines.get(stateMachineArn) ?? {};
    return {
      physicalId: stateMachineArn,
      attributes: { Arn: stateMachineArn, Name: name, StateMachineRevisionId: revisionId ?? 'INITIAL' },
    };
  };
  return {
    type: 'AWS::StepFunctions::StateMachine',
    properties: [
      'Definition',
      'DefinitionString',
      'DefinitionSubstitutions',
      'RoleArn',
      'LoggingConfiguration',
      'TracingConfiguration',
      'StateMachineType',
      'StateMachineName',
      'Tags',
    ],
    replacing: ['StateMachineName', 'StateMachineType'],
    create: async (request) => {
      const { properties } = request;
      const { stateMachineArn } = await run(
        'CreateStateMachine',
        {
          ...configurationOf(properties),
          name: properties.StateMachineName ?? request.physicalName({ length: 80 }),
          type: properties.StateMachineType ?? 'STANDARD',
          tags: tagsOf(properties),
        },
        request,
      );
      return resultOf(String(stateMachineArn));
    },
    update: async (request) => {
      const { physicalId: stateMachineArn, properties } = request;
      await run('UpdateStateMachine', { ...configurationOf(properties), stateMachineArn }, request);
      await run('TagResource', { resourceArn: stateMachineArn, tags: tagsOf(properties) }, request);
      return resultOf(stateMachineArn);
    },
    delete: async (request) => {
      await run('DeleteStateMachine', { stateMachineArn: request.physicalId }, request);
    },
  };
}

/** What CreateStateMachine and UpdateStateMachine have in common. */
function configurationOf(properties: Document): Document {
  return {
    definition: definitionOf(properties),
    roleArn: properties.RoleArn,
    loggingConfiguration: lowerCaseMembers(properties.LoggingConfiguration ?? { Level: 'OFF' }),
    tracingConfiguration: lowerCaseMembers(properties.TracingConfiguration ?? { Enabled: false }),
  };
}

/** The definition with every `${Name}` replaced that has a substitution. */
function definitionOf({ Definition, DefinitionString, DefinitionSubstitutions }: Document): string {
  const text = DefinitionString ?? (Definition === undefined ? undefined : JSON.stringify(Definition));
  if (typeof text !== 'string') {
    throw new AwsError(
      'ValidationError',
      'Property validation failure: one of DefinitionString, Definition is required',
    );
  }
  const substitutions = (DefinitionSubstitutions ?? {}) as Record<string, unknown>;
  return text.replace(/\$\{([A-Za-z0-9_:.-]+)\}/g, (placeholder, name: string) =>
    name in substitutions ? jsonText(substitutions[name]) : placeholder,
  );
}

/** Text as it stands inside a JSON string. */
const jsonText = (value: unknown) => JSON.stringify(String(value)).slice(1, -1);

/** CloudFormation writes members with a capital letter, the API with a small one. */
function lowerCaseMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCaseMembers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      `${name.charAt(0).toLowerCase()}${name.slice(1)}`,
      // Booleans may arrive as text.
      member === 'true' || member === 'false' ? member === 'true' : lowerCaseMembers(member),
    ]),
  );
}

function tagsOf({ Tags }: Document): { key: string; value: string }[] {
  const tags = Array.isArray(Tags) ? (Tags as { Key?: string; Value?: string }[]) : [];
  return tags.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value }));
}
