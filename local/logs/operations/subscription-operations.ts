import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { groupName, onlyKnown } from '../input.ts';
import type { LogBook } from '../log-book.ts';
import { type FilterBook, onlyStandard, type SubscriptionFilter } from '../subscriptions/filters.ts';
import { putFilter } from '../subscriptions/put-filter.ts';
import { onGroup } from './group-operations.ts';

const PAGE = 50;

export function subscriptionOperations(book: LogBook, filters: FilterBook): Record<string, Operation> {
  return {
    PutSubscriptionFilter: {
      access: (input) => [
        ...onGroup(book, 'PutSubscriptionFilter')(input),
        ...(input.roleArn === undefined ? [] : [passRole(String(input.roleArn))]),
      ],
      async handle(input, { work }) {
        const own = ['filterName', 'filterPattern', 'destinationArn', 'roleArn'];
        onlyKnown('PutSubscriptionFilter', input, ['logGroupName', ...own, 'distribution', 'applyOnTransformedLogs']);
        onlyStandard(input);
        const { filterName, filterPattern, destinationArn, roleArn } = input;
        const given = { group: groupName(input), name: String(filterName), pattern: String(filterPattern ?? '') };
        const role = roleArn === undefined ? null : String(roleArn);
        await putFilter(book, filters, { ...given, destinationArn: String(destinationArn), roleArn: role }, work);
        return {};
      },
    },
    DescribeSubscriptionFilters: {
      access: onGroup(book, 'DescribeSubscriptionFilters'),
      async handle(input) {
        onlyKnown('DescribeSubscriptionFilters', input, ['logGroupName', 'filterNamePrefix', 'limit', 'nextToken']);
        const { filterNamePrefix = '', limit = PAGE, nextToken } = input;
        const { name: group } = book.group(groupName(input));
        const found = filters.of(group).filter(({ name }) => name.startsWith(String(filterNamePrefix)));
        const page = pageOf(found, { token: nextToken, limit: Number(limit) });
        return { subscriptionFilters: page.items.map(filterShape), nextToken: page.next };
      },
    },
    DeleteSubscriptionFilter: {
      access: onGroup(book, 'DeleteSubscriptionFilter'),
      async handle(input) {
        filters.delete(groupName(input), String(input.filterName));
        return {};
      },
    },
  };
}

const passRole = (resource: string) => ({
  action: 'iam:PassRole',
  resource,
  context: { 'iam:PassedToService': 'logs.amazonaws.com' },
});

const filterShape = ({ name, group, pattern, destinationArn, roleArn, createdAt }: SubscriptionFilter): Document => ({
  filterName: name,
  logGroupName: group,
  filterPattern: pattern,
  destinationArn,
  roleArn: roleArn ?? undefined,
  distribution: 'ByLogStream',
  applyOnTransformedLogs: false,
  creationTime: createdAt,
});
