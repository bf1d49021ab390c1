import type { ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { compilePattern } from './pattern.ts';
import { checkTarget, type Rule } from './rules.ts';
import type { EventBus } from './service.ts';

/** AWS::Events::Rule. `Ref` is the name, `Arn` the attribute. */
export function ruleType(context: CloudContext, bus: EventBus): ResourceType {
  const put = (name: string, properties: Document) => {
    const arn = `arn:aws:events:${context.region}:${context.account}:rule/${name}`;
    const { EventPattern, ScheduleExpression, Description, State, RoleArn, Targets = [] } = properties;
    if (EventPattern !== undefined) compilePattern(EventPattern);
    const before = bus.rules.get(name);
    const sameSchedule = before?.scheduleExpression === ScheduleExpression;
    bus.put({
      name,
      arn,
      busName: 'default',
      description: Description as string | undefined,
      eventPattern: EventPattern === undefined ? undefined : JSON.stringify(EventPattern),
      scheduleExpression: ScheduleExpression as string | undefined,
      state: (State as Rule['state'] | undefined) ?? 'ENABLED',
      roleArn: RoleArn as string | undefined,
      targets: (Targets as object[]).map(checkTarget),
      tags: {},
      scheduledFrom: before && sameSchedule ? before.scheduledFrom : context.clock.now(),
    });
    return { physicalId: name, attributes: { Arn: arn } };
  };
  return {
    type: 'AWS::Events::Rule',
    properties: ['Name', 'Description', 'EventPattern', 'ScheduleExpression', 'State', 'RoleArn', 'Targets'],
    replacing: ['Name'],
    create: async ({ properties, physicalName }) =>
      put((properties.Name as string | undefined) ?? physicalName({ length: 64 }), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => bus.delete(physicalId),
  };
}
