import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import type { EventBus } from './bus.ts';
import { defineRule } from './define-rule.ts';
import { tagsOf } from './operations/tag-operations.ts';
import { checkTarget } from './target.ts';

/** AWS::Events::Rule. `Ref` is the name, `Arn` the attribute. */
export function ruleType(bus: EventBus): ResourceType {
  const put = (name: string, properties: Document) => {
    const targets = ((properties.Targets ?? []) as object[]).map(checkTarget);
    const { arn } = defineRule(bus, name, properties, { targets, tags: tagsOf(properties.Tags) });
    return { physicalId: name, attributes: { Arn: arn } };
  };
  return {
    type: 'AWS::Events::Rule',
    properties: ['Name', 'Description', 'EventPattern', 'ScheduleExpression', 'State', 'RoleArn', 'Targets', 'Tags'],
    replacing: ['Name'],
    create: async ({ properties, physicalName }) =>
      put((properties.Name as string | undefined) ?? physicalName({ length: 64 }), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => bus.delete(physicalId),
  };
}
