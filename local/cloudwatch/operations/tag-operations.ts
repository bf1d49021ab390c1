import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { Alarm } from '../alarm.ts';
import type { Alarms } from '../alarms.ts';
import { tagsOf } from '../shapes.ts';

export function tagOperations(alarms: Alarms): Record<string, Operation> {
  const access = (action: string) => (input: Document) => [
    { action: `cloudwatch:${action}`, resource: String(input.ResourceARN) },
  ];
  const alarmOf = ({ ResourceARN }: Document): Alarm => {
    const alarm = alarms.find(String(ResourceARN).split(':alarm:')[1] ?? '');
    if (alarm) return alarm;
    throw new AwsError('ResourceNotFoundException', `Resource ${String(ResourceARN)} does not exist`, { status: 404 });
  };
  return {
    TagResource: {
      access: access('TagResource'),
      handle: async (input) => {
        const { name, tags } = alarmOf(input);
        alarms.amend(name, { tags: { ...tags, ...tagsOf(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      access: access('UntagResource'),
      handle: async (input) => {
        const { name, tags } = alarmOf(input);
        const gone = input.TagKeys as string[];
        const kept = Object.entries(tags).filter(([key]) => !gone.includes(key));
        alarms.amend(name, { tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      access: access('ListTagsForResource'),
      handle: async (input) => ({
        Tags: Object.entries(alarmOf(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
