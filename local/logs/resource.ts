import { Unsupported } from '../kernel/errors.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import type { LogBook, LogGroup } from './log-book.ts';
import { retention } from './retention.ts';

/** AWS::Logs::LogGroup. `Ref` is the name, `Arn` ends with `:*`. */
export function logGroupType(book: LogBook): ResourceType {
  const settings = ({ RetentionInDays, KmsKeyId, LogGroupClass = 'STANDARD', Tags = [] }: Document) => {
    if (LogGroupClass !== 'STANDARD') throw new Unsupported(`the log group class ${String(LogGroupClass)}`);
    return {
      retentionDays: retention(RetentionInDays),
      kmsKeyId: KmsKeyId === undefined ? null : String(KmsKeyId),
      tags: Object.fromEntries((Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value])),
    };
  };
  const result = ({ name, arn }: LogGroup) => ({ physicalId: name, attributes: { Arn: arn } });
  return {
    type: 'AWS::Logs::LogGroup',
    properties: ['LogGroupName', 'RetentionInDays', 'KmsKeyId', 'LogGroupClass', 'Tags'],
    replacing: ['LogGroupName', 'LogGroupClass'],
    create: async ({ properties, physicalName }) =>
      result(book.createGroup(String(properties.LogGroupName ?? physicalName({ length: 512 })), settings(properties))),
    update: async ({ physicalId, properties }) => result(book.change(physicalId, settings(properties))),
    delete: async ({ physicalId }) => {
      if (book.groups.has(physicalId)) book.deleteGroup(physicalId);
    },
  };
}

/** AWS::Logs::LogStream. `Ref` is the name. */
export function logStreamType(book: LogBook): ResourceType {
  return {
    type: 'AWS::Logs::LogStream',
    properties: ['LogGroupName', 'LogStreamName'],
    replacing: ['LogGroupName', 'LogStreamName'],
    async create({ properties, physicalName }) {
      const name = String(properties.LogStreamName ?? physicalName({ length: 512 }));
      book.createStream(String(properties.LogGroupName), name);
      return { physicalId: name, attributes: {} };
    },
    update: async ({ physicalId }) => ({ physicalId, attributes: {} }),
    async delete({ physicalId, properties }) {
      const group = String(properties.LogGroupName);
      if (book.hasStream(group, physicalId)) book.deleteStream(group, physicalId);
    },
  };
}
