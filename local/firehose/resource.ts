import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import { onlyDirectPut } from './operations/stream-operations.ts';
import type { Pipeline } from './pipeline.ts';
import { unknownMembers } from './settings.ts';
import type { StreamBook, StreamRecord } from './streams.ts';

/** AWS::KinesisFirehose::DeliveryStream. `Ref` is the name, `Arn` the attribute. */
export function deliveryStreamType(book: StreamBook, pipeline: Pipeline): ResourceType {
  const result = ({ name, arn }: StreamRecord) => ({ physicalId: name, attributes: { Arn: arn } });
  const inputOf = (properties: Document) => {
    onlyDirectPut(properties.DeliveryStreamType);
    const configuration = (properties.ExtendedS3DestinationConfiguration ?? {}) as Document;
    return { configuration, encryption: properties.DeliveryStreamEncryptionConfigurationInput as Document | undefined };
  };
  return {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    properties: [
      'DeliveryStreamEncryptionConfigurationInput',
      'DeliveryStreamName',
      'DeliveryStreamType',
      'ExtendedS3DestinationConfiguration',
    ],
    ignored: { Tags: 'no stream is found by its tags' },
    replacing: ['DeliveryStreamName', 'DeliveryStreamType'],
    check({ ExtendedS3DestinationConfiguration: configuration = {} }) {
      const others = unknownMembers(configuration as Document);
      return others.map((name) => `ExtendedS3DestinationConfiguration.${name} is not implemented`);
    },
    create: async ({ properties, physicalName }) =>
      result(book.create(String(properties.DeliveryStreamName ?? physicalName({ length: 64 })), inputOf(properties))),
    update: async ({ physicalId, properties }) => result(book.update(physicalId, inputOf(properties))),
    async delete({ physicalId }) {
      if (!book.find(physicalId)) return;
      book.delete(physicalId);
      pipeline.drop(physicalId);
    },
  };
}
