import type { ResourceResult, ResourceType } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import type { FunctionUrls } from '../function-urls.ts';
import { type LambdaState, parseReference, type UrlRecord } from '../state.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-url.html */
export function urlType(state: LambdaState, urls: FunctionUrls): ResourceType {
  const target = (properties: Document) => parseReference(properties.TargetFunctionArn, properties.Qualifier);
  const result = (record: UrlRecord): ResourceResult => {
    const arn = state.arn(record.functionName, record.qualifier);
    return { physicalId: arn, attributes: { FunctionArn: arn, FunctionUrl: urls.urlOf(record) } };
  };
  return {
    type: 'AWS::Lambda::Url',
    properties: ['AuthType', 'Cors', 'InvokeMode', 'Qualifier', 'TargetFunctionArn'],
    replacing: ['Qualifier', 'TargetFunctionArn'],
    async create({ properties }) {
      const { name, qualifier } = target(properties);
      return result(urls.create(name, qualifier, properties));
    },
    async update({ properties }) {
      const { name, qualifier } = target(properties);
      return result(urls.update(name, qualifier, properties));
    },
    async delete({ physicalId }) {
      const { name, qualifier } = parseReference(physicalId);
      urls.delete(name, qualifier);
    },
  };
}
