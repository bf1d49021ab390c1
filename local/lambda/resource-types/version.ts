import type { ResourceType } from '../../kernel/resource-type.ts';
import { lambdaError } from '../errors.ts';
import type { Functions } from '../functions.ts';
import { parseReference } from '../state.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-version.html */
export function versionType(functions: Functions): ResourceType {
  const { state } = functions;
  return {
    type: 'AWS::Lambda::Version',
    properties: ['CodeSha256', 'Description', 'FunctionName'],
    replacing: ['CodeSha256', 'Description', 'FunctionName'],
    async create({ properties }) {
      const { name } = parseReference(properties.FunctionName);
      const { version, created } = functions.publish(name, {
        immediate: true,
        ...(properties.CodeSha256 === undefined ? {} : { codeSha256: String(properties.CodeSha256) }),
        ...(properties.Description === undefined ? {} : { description: String(properties.Description) }),
      });
      if (!created) {
        throw lambdaError.conflict(
          `A version for this Lambda function exists ( ${version.version} ). Modify the function to create a new version.`,
        );
      }
      const arn = state.arn(name, version.version);
      return { physicalId: arn, attributes: { FunctionArn: arn, Version: version.version } };
    },
    async update({ physicalId }) {
      const { qualifier = '' } = parseReference(physicalId);
      return { physicalId, attributes: { FunctionArn: physicalId, Version: qualifier } };
    },
    async delete({ physicalId }) {
      const { name, qualifier = '' } = parseReference(physicalId);
      if (state.versions.has(`${name}:${qualifier}`)) functions.deleteVersion(name, qualifier);
    },
  };
}
