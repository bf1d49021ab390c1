import { randomUUID } from 'node:crypto';
import { AwsError } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import { executionArn, expressArn } from '../arns.ts';
import { PAYLOAD_LIMIT } from '../json.ts';
import type { ExecutionRecord, MachineRecord } from '../records.ts';
import { checkName, machineOf, operation, present, requiredText, type StatesCore } from './core.ts';

/** Starting the same again while it runs gives the same answer; a name is otherwise used once. */
export function startExecution(core: StatesCore): Operation {
  return operation(
    'StartExecution',
    ({ stateMachineArn }) => stateMachineArn,
    async (input) => {
      const machine = machineOf(core, requiredText(input, 'stateMachineArn'));
      const record = newExecution(core, machine, input);
      const existing = core.executions.records.get(record.executionArn);
      if (existing && (existing.status !== 'RUNNING' || existing.input !== record.input)) {
        throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${record.executionArn}'`);
      }
      if (!existing) core.executions.start(record);
      const { executionArn: arn, startDate } = existing ?? record;
      return { executionArn: arn, startDate: new Date(startDate) };
    },
  );
}

/** Express only: answers when the execution has ended. */
export function startSyncExecution(core: StatesCore): Operation {
  return operation(
    'StartSyncExecution',
    ({ stateMachineArn }) => stateMachineArn,
    async (input, call) => {
      const machine = machineOf(core, requiredText(input, 'stateMachineArn'));
      if (machine.type !== 'EXPRESS') {
        throw new AwsError(
          'StateMachineTypeNotSupported',
          'This operation is not supported by this type of state machine',
        );
      }
      const started: ExecutionRecord = { ...newExecution(core, machine, input), synchronous: true };
      core.executions.start(started);
      await call.work.wait(core.executions.ended(started.executionArn));
      const ended = core.executions.records.get(started.executionArn) ?? started;
      const duration = (ended.stopDate ?? started.startDate) - started.startDate;
      return present({
        executionArn: ended.executionArn,
        stateMachineArn: ended.stateMachineArn,
        name: ended.name,
        startDate: new Date(ended.startDate),
        stopDate: new Date(ended.stopDate ?? ended.startDate),
        status: ended.status,
        error: ended.error,
        cause: ended.cause,
        input: ended.input,
        inputDetails: { included: true },
        output: ended.output,
        outputDetails: { included: true },
        // Billed by 100 ms and by 64 MB.
        billingDetails: {
          billedMemoryUsedInMB: 64,
          billedDurationInMilliseconds: Math.max(100, Math.ceil(duration / 100) * 100),
        },
      });
    },
  );
}

function newExecution({ context }: StatesCore, machine: MachineRecord, input: Document): ExecutionRecord {
  const name = input.name === undefined || input.name === null ? randomUUID() : checkName(String(input.name));
  return {
    executionArn:
      machine.type === 'EXPRESS'
        ? expressArn(context, machine.name, name, randomUUID())
        : executionArn(context, machine.name, name),
    stateMachineArn: machine.stateMachineArn,
    stateMachine: { Id: machine.stateMachineArn, Name: machine.name },
    name,
    type: machine.type,
    definition: machine.definition,
    roleArn: machine.roleArn,
    revisionId: machine.revisionId,
    logging: machine.logging,
    traced: machine.tracing.enabled,
    input: checkInput(input.input),
    startDate: context.clock.now(),
    status: 'RUNNING',
    redriveCount: 0,
  };
}

function checkInput(given: unknown): string {
  const text = given === undefined || given === null ? '{}' : String(given);
  if (Buffer.byteLength(text) > PAYLOAD_LIMIT) {
    throw new AwsError(
      'ValidationException',
      "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less than or equal to 262144",
    );
  }
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${(cause as Error).message}'`);
  }
  return text;
}
