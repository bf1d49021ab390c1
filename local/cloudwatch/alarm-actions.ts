import type { Principal } from '../iam/principal.ts';
import { Attempts } from '../kernel/attempts.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Alarm } from './alarm.ts';
import type { AlarmHistory } from './alarm-history.ts';
import { notice } from './alarm-notice.ts';
import type { AlarmState } from './alarm-state.ts';

interface Action {
  readonly alarm: string;
  readonly alarmArn: string;
  readonly topicArn: string;
  readonly subject: string;
  readonly message: string;
}

/** What alarms do when they change: a message to a topic, once. An action that fails is told and not repeated, as on AWS. */
export class AlarmActions {
  readonly #context: CloudContext;
  readonly #actions: Attempts<Action>;

  constructor(context: CloudContext, history: AlarmHistory) {
    this.#context = context;
    const record = (action: Action, summary: string) =>
      history.add(action.alarm, {
        type: 'Action',
        summary,
        data: { actionState: 'Executed', resource: action.topicArn },
      });
    this.#actions = new Attempts(context, 'monitoring.actions', {
      nameOf: ({ alarm }) => `action of the alarm ${alarm}`,
      async deliver({ item }, work) {
        const { topicArn: TopicArn, subject: Subject, message: Message } = item;
        await context.call(principalOf(context, item), 'sns', 'Publish', { TopicArn, Subject, Message }, work);
        record(item, `Successfully executed action ${TopicArn}`);
      },
      retryAfter: () => undefined,
      async giveUp({ item }, { message }) {
        record(item, `Failed to execute action ${item.topicArn}. Received error: "${message}"`);
        context.log(`The alarm ${item.alarm} could not tell ${item.topicArn}: ${message}`);
      },
    });
  }

  act(alarm: Alarm, before: AlarmState): void {
    const { subject, message } = notice(this.#context, alarm, before);
    for (const topicArn of alarm.actions[alarm.state]) {
      this.#actions.send({ alarm: alarm.name, alarmArn: alarm.arn, topicArn, subject, message });
    }
  }

  resume(): void {
    this.#actions.resume();
  }
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/US_SetupSNS.html */
const principalOf = ({ account }: CloudContext, { alarmArn }: Action): Principal => ({
  kind: 'service',
  service: 'cloudwatch.amazonaws.com',
  sourceArn: alarmArn,
  sourceAccount: account,
});
