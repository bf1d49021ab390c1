import type { ResourceResult, ResourceType } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import type { CodeStore } from '../code-store.ts';
import type { Layers } from '../layers.ts';
import { templateCode } from './template-code.ts';

const PROPERTIES = ['CompatibleArchitectures', 'CompatibleRuntimes', 'Content', 'Description', 'LayerName'];

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-layerversion.html */
export function layerVersionType(codes: CodeStore, layers: Layers): ResourceType {
  const result = (arn: string): ResourceResult => ({ physicalId: arn, attributes: { LayerVersionArn: arn } });
  return {
    type: 'AWS::Lambda::LayerVersion',
    properties: PROPERTIES,
    ignored: { LicenseInfo: 'a note for people' },
    replacing: [...PROPERTIES, 'LicenseInfo'],
    async create(request) {
      const { properties } = request;
      const code = await templateCode(codes, (properties.Content ?? {}) as Document, request.assembly);
      const name = String(properties.LayerName ?? request.physicalName({ length: 140 }));
      return result(layers.arnOf(layers.publish(name, code, properties)));
    },
    update: async ({ physicalId }) => result(physicalId),
    async delete({ physicalId }) {
      layers.delete(physicalId);
    },
  };
}
