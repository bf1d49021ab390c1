import { AwsError } from '../../kernel/errors.ts';
import type { ResourceType } from '../../kernel/resource-type.ts';
import type { Permissions } from '../permissions.ts';
import { parseReference } from '../state.ts';

const PROPERTIES = [
  'Action',
  'FunctionName',
  'FunctionUrlAuthType',
  'InvokedViaFunctionUrl',
  'Principal',
  'PrincipalOrgID',
  'SourceAccount',
  'SourceArn',
];

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html */
export function permissionType(permissions: Permissions): ResourceType {
  return {
    type: 'AWS::Lambda::Permission',
    properties: PROPERTIES,
    replacing: PROPERTIES,
    async create(request) {
      const { name, qualifier } = parseReference(request.properties.FunctionName);
      const StatementId = request.physicalName({ length: 100 });
      permissions.add(name, qualifier, { ...request.properties, StatementId });
      return { physicalId: StatementId, attributes: { Id: StatementId } };
    },
    async update({ physicalId }) {
      return { physicalId, attributes: { Id: physicalId } };
    },
    async delete({ physicalId, properties }) {
      const { name, qualifier } = parseReference(properties.FunctionName);
      try {
        permissions.remove(name, qualifier, physicalId);
      } catch (error) {
        // The function may have gone first, with its policy.
        if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
      }
    },
  };
}
