import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Run } from '../../domain/flow.ts';
import type { RolloutRequest } from '../../domain/rollout/flow.ts';

/** Starts and looks up the executions of a model's training state machine. */
export interface Executions {
  /** Starts a run; a run of that name that exists already is the same run, and a success. */
  start(run: Run): Promise<{ executionArn: string }>;
  /** The execution's status, or null when it was never started. */
  status(runId: string): Promise<string | null>;
}

/**
 * 2 s to connect and 10 s to answer; five attempts, because a run that is not started now waits for the hourly
 * reconciliation.
 */
export const sfnClient = () =>
  new SFNClient({
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });

export function stepFunctions(stateMachineArn: string, client: SFNClient = sfnClient()): Executions {
  const arnOf = (runId: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${runId}`;
  return {
    async start(run) {
      try {
        await client.send(new StartExecutionCommand({ stateMachineArn, name: run.runId, input: JSON.stringify(run) }));
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
      return { executionArn: arnOf(run.runId) };
    },
    async status(runId) {
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn: arnOf(runId) }));
        return status ?? null;
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return null;
        throw error;
      }
    },
  };
}

/** Starts and looks up the executions of a model's rollout state machine; each is the owner of its rollout by its name. */
export function rolloutExecutions(stateMachineArn: string, client: SFNClient = sfnClient()) {
  const arnOf = (owner: string) => `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${owner}`;
  return {
    async isRunning(owner: string): Promise<boolean> {
      try {
        const { status } = await client.send(new DescribeExecutionCommand({ executionArn: arnOf(owner) }));
        return status === 'RUNNING' || status === 'PENDING_REDRIVE';
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return false;
        throw error;
      }
    },
    async start(owner: string, request: RolloutRequest): Promise<void> {
      try {
        const input = JSON.stringify(request);
        await client.send(new StartExecutionCommand({ stateMachineArn, name: owner, input }));
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
      }
    },
  };
}
