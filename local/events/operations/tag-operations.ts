import type { Document, Operation } from '../../kernel/service.ts';
import type { EventBus } from '../bus.ts';
import type { Rule } from '../rules.ts';

export const tagsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(((list ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));

export function tagOperations(bus: EventBus): Record<string, Operation> {
  const access = (action: string) => (input: Document) => [
    { action: `events:${action}`, resource: String(input.ResourceARN) },
  ];
  const ruleOf = ({ ResourceARN }: Document): Rule => bus.rules.need(String(ResourceARN).split(':rule/')[1]);
  return {
    TagResource: {
      access: access('TagResource'),
      handle: async (input) => {
        const rule = ruleOf(input);
        bus.rules.put({ ...rule, tags: { ...rule.tags, ...tagsOf(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      access: access('UntagResource'),
      handle: async (input) => {
        const rule = ruleOf(input);
        const gone = input.TagKeys as string[];
        const tags = Object.entries(rule.tags).filter(([key]) => !gone.includes(key));
        bus.rules.put({ ...rule, tags: Object.fromEntries(tags) });
        return {};
      },
    },
    ListTagsForResource: {
      access: access('ListTagsForResource'),
      handle: async (input) => ({
        Tags: Object.entries(ruleOf(input).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
