import type { ResourceResult, ResourceType } from '../../kernel/resource-type.ts';
import type { EventSourceMappings, MappingRecord } from '../event-source-mappings.ts';

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html */
export function eventSourceMappingType(mappings: EventSourceMappings): ResourceType {
  const result = (record: MappingRecord): ResourceResult => ({
    physicalId: record.id,
    attributes: { Id: record.id, EventSourceMappingArn: mappings.describe(record).EventSourceMappingArn },
  });
  const standard = {
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
    ScalingConfig: {},
    FunctionResponseTypes: [],
    Enabled: true,
  };
  return {
    type: 'AWS::Lambda::EventSourceMapping',
    properties: [
      'BatchSize',
      'Enabled',
      'EventSourceArn',
      'FunctionName',
      'FunctionResponseTypes',
      'MaximumBatchingWindowInSeconds',
      'ScalingConfig',
    ],
    replacing: ['EventSourceArn'],
    create: async ({ properties }) => result(mappings.create(properties)),
    update: async ({ physicalId, properties }) => result(mappings.update(physicalId, { ...standard, ...properties })),
    async delete({ physicalId }) {
      mappings.delete(physicalId);
    },
  };
}
