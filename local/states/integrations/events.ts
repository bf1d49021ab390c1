import { StateFailure } from '../interpreter/failure.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { optimizedFailure } from './failures.ts';
import { asText, type Caller, defined, type Integration } from './integration.ts';

/** `arn:aws:states:::events:putEvents`: one entry that is refused fails the task. */
export const putEvents: Integration = {
  service: 'events',
  action: 'PutEvents',
  request: (args, caller) => ({
    ...args,
    Entries: Array.isArray(args.Entries) ? args.Entries.map((entry) => entryOf(entry, caller)) : args.Entries,
  }),
  result: (output) => {
    const answer = output as JsonObject;
    if (Number(answer.FailedEntryCount ?? 0) > 0) {
      throw new StateFailure('EventBridge.FailedEntry', JSON.stringify(answer));
    }
    return answer;
  },
  failure: (error, requestId) => optimizedFailure('events', error, requestId),
};

/** The machine and the execution are added to the resources of every event. */
function entryOf(entry: Json, caller: Caller): Json {
  if (!isObject(entry)) return entry;
  const resources = Array.isArray(entry.Resources) ? entry.Resources : [];
  return defined({
    ...entry,
    Detail: asText(entry.Detail),
    Resources: [...resources, caller.stateMachineArn, caller.executionArn],
  }) as JsonObject;
}
