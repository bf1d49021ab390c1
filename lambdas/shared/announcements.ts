import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';

/** What people are told: a line that fits a phone and a text that needs no look-up. */
export interface Announcement {
  /** At most 100 printable ASCII characters, as SNS demands. */
  readonly subject: string;
  readonly body: string;
}

/** Where people are told of outcomes. */
export interface Announcer {
  /** `id` is the same when the same announcement has to be repeated, so that readers can tell. */
  announce(id: string, announcement: Announcement, facts: Record<string, string>): Promise<void>;
}

/** 2 s to connect and 10 s to answer; five attempts, because an outcome that nobody hears of did not happen. */
export const snsClient = () =>
  new SNSClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });

export function snsAnnouncer(topicArn: string, client: SNSClient = snsClient()): Announcer {
  return {
    async announce(id, { subject, body }, facts) {
      const attributes = { notificationId: id, ...facts };
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: subject,
          Message: body,
          MessageAttributes: Object.fromEntries(
            Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
          ),
        }),
      );
    },
  };
}
