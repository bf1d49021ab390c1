import type { CloudContext } from '../kernel/service.ts';

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html */
export type RuleMetric =
  /** Of events; schedules have none. */
  | 'MatchedEvents'
  | 'TriggeredRules'
  | 'Invocations'
  | 'FailedInvocations'
  | 'InvocationsSentToDlq'
  | 'InvocationsFailedToBeSentToDlq';

export function countRule(context: CloudContext, ruleName: string, name: RuleMetric): void {
  const dimensions = { RuleName: ruleName };
  context.putServiceMetric({ namespace: 'AWS/Events', name, dimensions, value: 1, unit: 'Count' });
}
