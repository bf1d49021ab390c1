import type { Document } from '../../kernel/service.ts';
import type { Json } from '../json.ts';

/** One action of a service, run with a role's permissions. */
export interface ServiceCall {
  /** The service's name in the cloud: `lambda`, `sqs`, `states` … */
  readonly service: string;
  readonly action: string;
  readonly input: Document;
  readonly roleArn: string;
  /** The machine's own role, where the task's credentials name another one. */
  readonly assumedBy?: string;
}

/** Where tasks reach the other services. */
export interface TaskPort {
  /** Rejects with an AwsError where the service answers with an error. */
  invoke(call: ServiceCall): Promise<Document>;
}

/** How a callback ended: its output, or the error and cause that it was given. */
export type CallbackResult =
  | { readonly kind: 'success'; readonly output: Json }
  | { readonly kind: 'failure'; readonly error: string | undefined; readonly cause: string | undefined };

/** Hands out task tokens and waits for whoever holds one. */
export interface TokenDesk {
  issue(executionArn: string): string;
  /** Resolves when the token is used; `onHeartbeat` is told of each sign of life. */
  result(token: string, onHeartbeat: () => void): Promise<CallbackResult>;
  /** Nobody waits for the token any more. */
  withdraw(token: string): void;
}

/** What a started execution came to, as DescribeExecution gives it. */
export type ExecutionDescription = Document & { readonly status: string };

export interface TaskRunner {
  readonly port: TaskPort;
  readonly tokens: TokenDesk;
  /** Resolves when the execution runs no more. */
  executionEnded(executionArn: string): Promise<void>;
}
