import type { Operation } from '../../kernel/service.ts';
import { onTopic } from '../access.ts';
import type { TopicBook } from '../topics.ts';

export const tagsOf = (list: unknown): Record<string, string> =>
  Object.fromEntries(((list ?? []) as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));

export function tagOperations(book: TopicBook): Record<string, Operation> {
  return {
    TagResource: {
      access: onTopic(book, 'TagResource', 'ResourceArn'),
      handle: async (input) => {
        const { arn, tags } = book.topic(input.ResourceArn);
        book.change(arn, { tags: { ...tags, ...tagsOf(input.Tags) } });
        return {};
      },
    },
    UntagResource: {
      access: onTopic(book, 'UntagResource', 'ResourceArn'),
      handle: async (input) => {
        const { arn, tags } = book.topic(input.ResourceArn);
        const gone = input.TagKeys as string[];
        book.change(arn, { tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))) });
        return {};
      },
    },
    ListTagsForResource: {
      access: onTopic(book, 'ListTagsForResource', 'ResourceArn'),
      handle: async (input) => ({
        Tags: Object.entries(book.topic(input.ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    },
  };
}
