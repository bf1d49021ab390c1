import type { Work } from '../../kernel/clock.ts';
import type { ResourceType } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import type { LogBook } from '../log-book.ts';
import { type FilterBook, onlyStandard } from './filters.ts';
import { putFilter } from './put-filter.ts';

/** AWS::Logs::SubscriptionFilter. `Ref` is the filter's name. */
export function subscriptionFilterType(book: LogBook, filters: FilterBook): ResourceType {
  const put = async (name: string, properties: Document, work: Work) => {
    const { LogGroupName, FilterPattern, DestinationArn, RoleArn, Distribution, ApplyOnTransformedLogs } = properties;
    onlyStandard({ distribution: Distribution, applyOnTransformedLogs: ApplyOnTransformedLogs });
    const given = { group: String(LogGroupName), name, pattern: String(FilterPattern ?? '') };
    const roleArn = RoleArn === undefined ? null : String(RoleArn);
    await putFilter(book, filters, { ...given, destinationArn: String(DestinationArn), roleArn }, work);
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::Logs::SubscriptionFilter',
    properties: [
      'ApplyOnTransformedLogs',
      'DestinationArn',
      'Distribution',
      'FilterName',
      'FilterPattern',
      'LogGroupName',
      'RoleArn',
    ],
    replacing: ['FilterName', 'LogGroupName'],
    create: ({ properties, physicalName, work }) =>
      put(String(properties.FilterName ?? physicalName({ length: 512 })), properties, work),
    update: ({ physicalId, properties, work }) => put(physicalId, properties, work),
    async delete({ physicalId, properties }) {
      const group = String(properties.LogGroupName);
      if (filters.get(group, physicalId)) filters.delete(group, physicalId);
    },
  };
}
