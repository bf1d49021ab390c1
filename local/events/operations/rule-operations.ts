import { AwsError } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { EventBus } from '../bus.ts';
import { defineRule } from '../define-rule.ts';
import type { Rule, RuleState } from '../rules.ts';
import { defaultBusOnly } from './bus-operations.ts';
import { tagsOf } from './tag-operations.ts';

/** What a request on one rule needs; `parameter` is where it names the rule. */
export const onRule =
  (bus: EventBus, action: string, parameter = 'Name') =>
  (input: Document) => {
    defaultBusOnly(input.EventBusName);
    return [{ action: `events:${action}`, resource: bus.ruleArn(String(input[parameter])) }];
  };

export function ruleOperations(bus: EventBus): Record<string, Operation> {
  const switchTo = (state: RuleState) => async (input: Document) => {
    // A rate counts from when its rule was enabled.
    bus.put({ ...bus.rules.need(input.Name), state, scheduledFrom: bus.context.clock.now() });
    return {};
  };
  return {
    PutRule: {
      access: onRule(bus, 'PutRule'),
      handle: async (input) => {
        const name = String(input.Name);
        const { targets = [], tags = tagsOf(input.Tags) } = bus.rules.get(name) ?? {};
        return { RuleArn: defineRule(bus, name, input, { targets, tags }).arn };
      },
    },
    DeleteRule: {
      access: onRule(bus, 'DeleteRule'),
      handle: async (input) => {
        if ((bus.rules.get(String(input.Name))?.targets.length ?? 0) > 0) {
          throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
        }
        bus.delete(String(input.Name));
        return {};
      },
    },
    DescribeRule: {
      access: onRule(bus, 'DescribeRule'),
      handle: async (input) => ruleShape(bus.rules.need(input.Name)),
    },
    ListRules: {
      access: () => [{ action: 'events:ListRules', resource: bus.ruleArn('*') }],
      handle: async (input) => {
        defaultBusOnly(input.EventBusName);
        const prefix = String(input.NamePrefix ?? '');
        const found = bus.rules.all().filter(({ name }) => name.startsWith(prefix));
        const page = pageOf(found, { token: input.NextToken, limit: Number(input.Limit ?? 100) });
        return { Rules: page.items.map(ruleShape), NextToken: page.next };
      },
    },
    EnableRule: { access: onRule(bus, 'EnableRule'), handle: switchTo('ENABLED') },
    DisableRule: { access: onRule(bus, 'DisableRule'), handle: switchTo('DISABLED') },
  };
}

function ruleShape(rule: Rule): Document {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: 'default',
  };
}
