import { pageOf } from '../../kernel/page.ts';
import type { Operation } from '../../kernel/service.ts';
import type { EventBus } from '../bus.ts';
import { checkTarget } from '../target.ts';
import { defaultBusOnly } from './bus-operations.ts';
import { onRule } from './rule-operations.ts';

export function targetOperations(bus: EventBus): Record<string, Operation> {
  return {
    PutTargets: {
      access: onRule(bus, 'PutTargets', 'Rule'),
      handle: async (input) => {
        const rule = bus.rules.need(input.Rule);
        const added = (input.Targets as object[]).map(checkTarget);
        const kept = rule.targets.filter((target) => !added.some(({ Id }) => Id === target.Id));
        bus.put({ ...rule, targets: [...kept, ...added] });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    RemoveTargets: {
      access: onRule(bus, 'RemoveTargets', 'Rule'),
      handle: async (input) => {
        const rule = bus.rules.need(input.Rule);
        const ids = input.Ids as string[];
        bus.put({ ...rule, targets: rule.targets.filter(({ Id }) => !ids.includes(Id)) });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    ListTargetsByRule: {
      access: onRule(bus, 'ListTargetsByRule', 'Rule'),
      handle: async (input) => {
        const { targets } = bus.rules.need(input.Rule);
        const page = pageOf(targets, { token: input.NextToken, limit: Number(input.Limit ?? 100) });
        return { Targets: page.items, NextToken: page.next };
      },
    },
    ListRuleNamesByTarget: {
      access: () => [{ action: 'events:ListRuleNamesByTarget', resource: bus.ruleArn('*') }],
      handle: async (input) => {
        defaultBusOnly(input.EventBusName);
        const found = bus.rules.all().filter(({ targets }) => targets.some(({ Arn }) => Arn === input.TargetArn));
        const page = pageOf(found, { token: input.NextToken, limit: Number(input.Limit ?? 100) });
        return { RuleNames: page.items.map(({ name }) => name), NextToken: page.next };
      },
    },
  };
}
