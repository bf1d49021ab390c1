import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { kmsService } from '../../local/kms/service.ts';
import { snsService } from '../../local/sns/service.ts';
import { allow, type EventsCloud, eventsCloud } from './events-cloud.ts';
import type { TestKernelOptions } from './kernel.ts';

export interface TopicsCloud extends EventsCloud {
  readonly sns: SNSClient;
  /** Makes a topic; its ARN. */
  topic(name: string, attributes?: Record<string, string>): Promise<string>;
  /** A queue of that name which the topic may send to, subscribed to it; the subscription's ARN. */
  subscribeQueue(topicArn: string, name: string, attributes?: Record<string, string>): Promise<string>;
}

/** SNS with queues, a function that only remembers, and keys. */
export async function topicsCloud(options: Partial<TestKernelOptions> = {}): Promise<TopicsCloud> {
  const policy = allow('sns.amazonaws.com', 'lambda:InvokeFunction', 'arn:aws:sns:*:*:alerts');
  const { services = [], ...rest } = options;
  const cloud = await eventsCloud({ services: [snsService, kmsService, ...services], policy, ...rest });
  const sns = new SNSClient(cloud.client);
  return {
    ...cloud,
    sns,
    async topic(Name, Attributes = {}) {
      const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name, Attributes }));
      return TopicArn;
    },
    async subscribeQueue(TopicArn, name, Attributes = {}) {
      const Endpoint = await cloud.queue(name, allow('sns.amazonaws.com', 'sqs:SendMessage', TopicArn));
      const answer = await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint, Attributes }));
      return answer.SubscriptionArn ?? '';
    },
  };
}
