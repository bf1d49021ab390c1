import { AwsError, Unsupported } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { groupName, onlyKnown } from '../input.ts';
import type { LogBook, LogGroup } from '../log-book.ts';
import { retention } from '../retention.ts';

const PAGE = 50;
const NAME = ['logGroupName', 'logGroupIdentifier'];

export const onGroup = (book: LogBook, action: string) => (input: Document) => [
  { action: `logs:${action}`, resource: `${book.arnOf(groupName(input))}:*` },
];

export function groupOperations(book: LogBook): Record<string, Operation> {
  return {
    CreateLogGroup: {
      access: onGroup(book, 'CreateLogGroup'),
      handle: async (input) => {
        onlyKnown('CreateLogGroup', input, [...NAME, 'kmsKeyId', 'tags', 'logGroupClass']);
        const { logGroupName, kmsKeyId, tags = {}, logGroupClass = 'STANDARD' } = input;
        if (logGroupClass !== 'STANDARD') throw new Unsupported(`the log group class ${String(logGroupClass)}`);
        book.createGroup(String(logGroupName), {
          kmsKeyId: kmsKeyId === undefined ? null : String(kmsKeyId),
          tags: tags as Record<string, string>,
        });
        return {};
      },
    },
    DeleteLogGroup: {
      access: onGroup(book, 'DeleteLogGroup'),
      handle: async (input) => {
        book.deleteGroup(groupName(input));
        return {};
      },
    },
    DescribeLogGroups: {
      access: () => [{ action: 'logs:DescribeLogGroups', resource: `${book.arnOf('*')}` }],
      handle: async (input) => describeLogGroups(book, input),
    },
    PutRetentionPolicy: {
      access: onGroup(book, 'PutRetentionPolicy'),
      handle: async (input) => {
        book.change(groupName(input), { retentionDays: retention(input.retentionInDays) });
        return {};
      },
    },
    DeleteRetentionPolicy: {
      access: onGroup(book, 'DeleteRetentionPolicy'),
      handle: async (input) => {
        book.change(groupName(input), { retentionDays: null });
        return {};
      },
    },
    AssociateKmsKey: {
      access: onGroup(book, 'AssociateKmsKey'),
      handle: async (input) => {
        onlyKnown('AssociateKmsKey', input, [...NAME, 'kmsKeyId']);
        book.change(groupName(input), { kmsKeyId: String(input.kmsKeyId) });
        return {};
      },
    },
    DisassociateKmsKey: {
      access: onGroup(book, 'DisassociateKmsKey'),
      handle: async (input) => {
        onlyKnown('DisassociateKmsKey', input, NAME);
        book.change(groupName(input), { kmsKeyId: null });
        return {};
      },
    },
  };
}

function describeLogGroups(book: LogBook, input: Document): Document {
  onlyKnown('DescribeLogGroups', input, ['logGroupNamePrefix', 'logGroupNamePattern', 'limit', 'nextToken']);
  const { logGroupNamePrefix, logGroupNamePattern, nextToken, limit = PAGE } = input;
  if (logGroupNamePrefix !== undefined && logGroupNamePattern !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    );
  }
  const pattern = String(logGroupNamePattern ?? '').toLowerCase();
  const found = [...book.groups.keys()]
    .sort()
    .filter((name) => name.startsWith(String(logGroupNamePrefix ?? '')) && name.toLowerCase().includes(pattern));
  const page = pageOf(found, { token: nextToken, limit: Number(limit) });
  return { logGroups: page.items.map((name) => groupShape(book.group(name))), nextToken: page.next };
}

const groupShape = ({ name, arn, createdAt, retentionDays, kmsKeyId }: LogGroup): Document => ({
  logGroupName: name,
  arn,
  logGroupArn: arn.replace(/:\*$/, ''),
  logGroupClass: 'STANDARD',
  creationTime: createdAt,
  retentionInDays: retentionDays ?? undefined,
  kmsKeyId: kmsKeyId ?? undefined,
  metricFilterCount: 0,
  storedBytes: 0,
});
