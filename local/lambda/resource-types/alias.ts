import type { ResourceResult, ResourceType } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import type { Aliases, AliasInput } from '../aliases.ts';
import { keyOf, type LambdaState, parseReference } from '../state.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html */
export function aliasType(state: LambdaState, aliases: Aliases): ResourceType {
  const result = (functionName: string, name: string): ResourceResult => {
    const arn = state.arn(functionName, name);
    return { physicalId: arn, attributes: { AliasArn: arn } };
  };
  return {
    type: 'AWS::Lambda::Alias',
    properties: ['Description', 'FunctionName', 'FunctionVersion', 'Name', 'RoutingConfig'],
    replacing: ['FunctionName', 'Name'],
    async create({ properties }) {
      const { name: functionName } = parseReference(properties.FunctionName);
      const alias = aliases.create(functionName, String(properties.Name), inputOf(properties));
      return result(functionName, alias.name);
    },
    /** Sets what the template says, weights too: without RoutingConfig the alias points at one version again, as on AWS. */
    async update({ physicalId, properties }) {
      const { name: functionName, qualifier = '' } = parseReference(physicalId);
      aliases.update(functionName, qualifier, inputOf(properties));
      return result(functionName, qualifier);
    },
    async delete({ physicalId }) {
      const { name, qualifier = '' } = parseReference(physicalId);
      if (state.aliases.has(keyOf(name, qualifier))) aliases.delete(name, qualifier);
    },
  };
}

interface WeightProperty {
  readonly FunctionVersion: string;
  readonly FunctionWeight: number | string;
}

function inputOf(properties: Document): AliasInput {
  const routing = (properties.RoutingConfig ?? {}) as { AdditionalVersionWeights?: readonly WeightProperty[] };
  const weights = (routing.AdditionalVersionWeights ?? []).map(({ FunctionVersion, FunctionWeight }) => [
    String(FunctionVersion),
    Number(FunctionWeight),
  ]);
  return {
    functionVersion: String(properties.FunctionVersion),
    description: String(properties.Description ?? ''),
    routing: { AdditionalVersionWeights: Object.fromEntries(weights) },
  };
}
