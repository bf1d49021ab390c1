import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { LogBook, LogGroup } from '../log-book.ts';

export function tagOperations(book: LogBook): Record<string, Operation> {
  const access = (action: string) => (input: Document) => [
    { action: `logs:${action}`, resource: String(input.resourceArn) },
  ];
  const groupOf = ({ resourceArn }: Document): LogGroup => {
    const given = String(resourceArn).replace(/:\*$/, '');
    const group = [...book.groups.values()].find(({ name }) => book.arnOf(name) === given);
    if (group) return group;
    throw new AwsError('ResourceNotFoundException', `The specified resource does not exist: ${given}`);
  };
  return {
    TagResource: {
      access: access('TagResource'),
      handle: async (input) => {
        const { name, tags } = groupOf(input);
        book.change(name, { tags: { ...tags, ...(input.tags as Record<string, string>) } });
        return {};
      },
    },
    UntagResource: {
      access: access('UntagResource'),
      handle: async (input) => {
        const { name, tags } = groupOf(input);
        const gone = input.tagKeys as string[];
        const kept = Object.entries(tags).filter(([key]) => !gone.includes(key));
        book.change(name, { tags: Object.fromEntries(kept) });
        return {};
      },
    },
    ListTagsForResource: {
      access: access('ListTagsForResource'),
      handle: async (input) => ({ tags: groupOf(input).tags }),
    },
  };
}
