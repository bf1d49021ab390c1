import type { ResourceType } from '../kernel/resource-type.ts';

/** `AWS::CDK::Metadata`: the CDK tells AWS about itself. There is nobody to tell here. */
export const metadataType: ResourceType = {
  type: 'AWS::CDK::Metadata',
  properties: [],
  ignored: { Analytics: 'usage statistics of the CDK' },
  replacing: [],
  create: async ({ logicalId }) => ({ physicalId: logicalId, attributes: {} }),
  update: async ({ physicalId }) => ({ physicalId, attributes: {} }),
  delete: async () => undefined,
};
