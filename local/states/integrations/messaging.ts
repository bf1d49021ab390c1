import type { Json, JsonObject } from '../json.ts';
import { optimizedFailure } from './failures.ts';
import { asText, defined, type Integration } from './integration.ts';

/** `arn:aws:states:::sqs:sendMessage` */
export const sqsSendMessage: Integration = {
  service: 'sqs',
  action: 'SendMessage',
  request: (args) => defined({ ...args, MessageBody: absentIfNull(args.MessageBody) }),
  result: (output) => output as JsonObject,
  failure: (error, requestId) => optimizedFailure('sqs', error, requestId),
};

/** `arn:aws:states:::sns:publish` */
export const snsPublish: Integration = {
  service: 'sns',
  action: 'Publish',
  request: (args) => defined({ ...args, Message: absentIfNull(args.Message) }),
  result: (output) => output as JsonObject,
  failure: (error, requestId) => optimizedFailure('sns', error, requestId),
};

const absentIfNull = (value: Json | undefined) => (value === null ? undefined : asText(value));
