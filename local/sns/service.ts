import type { ServiceFactory } from '../kernel/cloud.ts';
import { Notifications } from './delivery.ts';
import { publishOperations } from './operations/publish-operations.ts';
import { subscriptionOperations } from './operations/subscription-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { topicOperations } from './operations/topic-operations.ts';
import { subscriptionType, topicPolicyType, topicType } from './resources.ts';
import { TopicBook } from './topics.ts';

/** Amazon SNS: topics, filtered subscriptions of queues and functions, mail into an outbox. See sns.md. */
export const snsService: ServiceFactory = (context) => {
  const book = new TopicBook(context);
  const notifications = new Notifications(context, book);
  return {
    name: 'sns',
    queryNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    accessDeniedCode: 'AuthorizationError',
    operations: {
      ...topicOperations(book),
      ...subscriptionOperations(book),
      ...publishOperations(book, notifications),
      ...tagOperations(book),
    },
    resourceTypes: [topicType(book), subscriptionType(book), topicPolicyType(book)],
    resume: async () => notifications.resume(),
  };
};
