import { randomUUID } from 'node:crypto';
import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { machineArn } from '../arns.ts';
import type { MachineType } from '../definition/validate.ts';
import type { MachineRecord } from '../records.ts';
import { checkName, operation, requiredText, type StatesCore } from './core.ts';
import { checkDefinition, checkRole, checkTrust, loggingOf, tagMap, tracingOf } from './machine-rules.ts';

/** Creating the same machine again is not an error. */
export function createStateMachine(core: StatesCore): Operation {
  const arnOf = (input: Document) => machineArn(core.context, String(input.name));
  return operation('CreateStateMachine', arnOf, async (input) => {
    if (input.publish) throw new Unsupported('versions of state machines');
    const machine = newMachine(core, input);
    const existing = core.machines.get(machine.stateMachineArn);
    if (existing && !isSame(existing, machine)) {
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${machine.stateMachineArn}'`);
    }
    const stored = existing ?? machine;
    core.machines.set(stored.stateMachineArn, stored);
    return { stateMachineArn: stored.stateMachineArn, creationDate: new Date(stored.creationDate) };
  });
}

function newMachine({ context }: StatesCore, input: Document): MachineRecord {
  const name = checkName(requiredText(input, 'name'));
  const definition = requiredText(input, 'definition');
  const roleArn = requiredText(input, 'roleArn');
  const type = (input.type ?? 'STANDARD') as MachineType;
  const logging = loggingOf(input.loggingConfiguration);
  checkDefinition(definition, type);
  checkTrust(context, roleArn, machineArn(context, name));
  checkRole(context, roleArn, logging, definition);
  return {
    stateMachineArn: machineArn(context, name),
    name,
    type,
    definition,
    roleArn,
    creationDate: context.clock.now(),
    revisionId: randomUUID(),
    logging,
    tracing: tracingOf(input.tracingConfiguration),
    tags: tagMap(input.tags),
  };
}

/** What the service compares; role and tags are not part of it. */
function isSame(left: MachineRecord, right: MachineRecord): boolean {
  const compared = ({ definition, type, logging, tracing }: MachineRecord) =>
    JSON.stringify([definition, type, logging, tracing]);
  return compared(left) === compared(right);
}
