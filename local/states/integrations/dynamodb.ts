import type { JsonObject } from '../json.ts';
import { optimizedFailure } from './failures.ts';
import type { Integration } from './integration.ts';

/** `arn:aws:states:::dynamodb:getItem` and the like: requests and answers have the service's own shape. */
const action = (name: string): Integration => ({
  service: 'dynamodb',
  action: name,
  request: (args) => ({ ...args }),
  result: (output) => output as JsonObject,
  failure: (error, requestId) => optimizedFailure('dynamodb', error, requestId),
});

export const dynamodbActions: Readonly<Record<string, Integration>> = {
  'dynamodb:getItem': action('GetItem'),
  'dynamodb:putItem': action('PutItem'),
  'dynamodb:updateItem': action('UpdateItem'),
  'dynamodb:deleteItem': action('DeleteItem'),
};
