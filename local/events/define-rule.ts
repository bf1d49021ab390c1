import type { Document } from '../kernel/service.ts';
import type { EventBus } from './bus.ts';
import { checkRule, type Rule, type RuleState } from './rules.ts';

/**
 * Makes or changes a rule from what PutRule and AWS::Events::Rule have in common. A schedule that stays the same keeps its
 * pace.
 */
export function defineRule(bus: EventBus, name: string, given: Document, own: Pick<Rule, 'targets' | 'tags'>): Rule {
  const { EventPattern: pattern, ScheduleExpression, Description, State, RoleArn } = given;
  const before = bus.rules.get(name);
  const sameSchedule = before?.state === 'ENABLED' && before.scheduleExpression === ScheduleExpression;
  const rule = checkRule({
    name,
    arn: bus.ruleArn(name),
    description: Description as string | undefined,
    eventPattern: pattern === undefined || typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
    scheduleExpression: ScheduleExpression as string | undefined,
    state: (State ?? 'ENABLED') as RuleState,
    roleArn: RoleArn as string | undefined,
    ...own,
    scheduledFrom: sameSchedule ? before.scheduledFrom : bus.context.clock.now(),
  });
  bus.put(rule);
  return rule;
}
