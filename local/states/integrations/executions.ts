import type { Document } from '../../kernel/service.ts';
import { StateFailure } from '../interpreter/failure.ts';
import type { Json, JsonObject } from '../json.ts';
import { optimizedFailure } from './failures.ts';
import { asText, defined, type Integration } from './integration.ts';
import { renameMembers, upperFirst } from './member-names.ts';
import type { ExecutionDescription } from './runner.ts';

/** `arn:aws:states:::states:startExecution` */
export const startExecution: Integration = {
  service: 'states',
  action: 'StartExecution',
  request: (args) =>
    defined({
      stateMachineArn: args.StateMachineArn,
      name: args.Name ?? undefined,
      // Nothing at all starts with an empty object.
      input: args.Input === null ? undefined : asText(args.Input),
      traceHeader: args.TraceHeader ?? undefined,
    }),
  result: described,
  failure: (error, requestId) => optimizedFailure('states', error, requestId),
};

/** What `.sync` and `.sync:2` give when the started execution has ended; the latter parses input and output. */
export function endedExecution(description: ExecutionDescription, parsed: boolean): Json {
  const answer = described(description);
  if (description.status !== 'SUCCEEDED') throw new StateFailure('States.TaskFailed', JSON.stringify(answer));
  if (!parsed) return answer;
  const { Input, Output } = answer;
  return { ...answer, Input: JSON.parse(String(Input)) as Json, Output: JSON.parse(String(Output)) as Json };
}

/** Members as the first generation of the SDK names them; times are milliseconds. */
function described(output: Document): JsonObject {
  const value = renameMembers(output, upperFirst, (date) => date.getTime());
  const members = value as JsonObject;
  return Object.fromEntries(Object.entries(members).sort(([left], [right]) => (left < right ? -1 : 1)));
}
