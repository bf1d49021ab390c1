import { AwsError } from '../../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../../kernel/service.ts';
import { alarmOf } from '../alarm.ts';
import type { AlarmState } from '../alarm-state.ts';
import type { Alarms } from '../alarms.ts';

const STATES: readonly string[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA'];

export function alarmOperations(context: CloudContext, alarms: Alarms): Record<string, Operation> {
  const arnOf = (name: unknown) =>
    `arn:${context.partition}:cloudwatch:${context.region}:${context.account}:alarm:${String(name)}`;
  const onNames = (action: string) => (input: Document) =>
    (input.AlarmNames as string[]).map((name) => ({ action: `cloudwatch:${action}`, resource: arnOf(name) }));
  const onName = (action: string) => (input: Document) => [
    { action: `cloudwatch:${action}`, resource: arnOf(input.AlarmName) },
  ];
  const enable = (actionsEnabled: boolean) => async (input: Document) => {
    for (const name of input.AlarmNames as string[]) alarms.amend(name, { actionsEnabled });
    return {};
  };
  return {
    PutMetricAlarm: {
      access: onName('PutMetricAlarm'),
      handle: async (input) => {
        alarms.put(alarmOf(input, context, alarms.find(String(input.AlarmName))));
        return {};
      },
    },
    DeleteAlarms: {
      access: onNames('DeleteAlarms'),
      handle: async (input) => {
        const names = input.AlarmNames as string[];
        for (const name of names) alarms.get(name);
        for (const name of names) alarms.delete(name);
        return {};
      },
    },
    SetAlarmState: {
      access: onName('SetAlarmState'),
      handle: async ({ AlarmName, StateValue, StateReason, StateReasonData }) => {
        if (!STATES.includes(String(StateValue))) {
          throw new AwsError(
            'ValidationError',
            `1 validation error detected: Value '${String(StateValue)}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [${STATES.join(', ')}]`,
          );
        }
        const reasonData = StateReasonData === undefined ? undefined : String(StateReasonData);
        alarms.setState(String(AlarmName), {
          state: StateValue as AlarmState,
          reason: String(StateReason),
          reasonData,
        });
        return {};
      },
    },
    EnableAlarmActions: { access: onNames('EnableAlarmActions'), handle: enable(true) },
    DisableAlarmActions: { access: onNames('DisableAlarmActions'), handle: enable(false) },
  };
}
