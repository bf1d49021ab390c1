import type { AccessRequest } from '../../iam/principal.ts';
import { AwsError } from '../../kernel/errors.ts';
import type { Call, CloudContext, Document, Operation } from '../../kernel/service.ts';
import type { Collection } from '../../kernel/store.ts';
import { parseArn } from '../arns.ts';
import type { Executions } from '../executions.ts';
import type { TaskRunner } from '../integrations/runner.ts';
import type { Evaluator } from '../language/evaluator.ts';
import type { ExecutionRecord, MachineRecord } from '../records.ts';
import type { TokenBook } from '../tokens.ts';

/** What the operations share. */
export interface StatesCore {
  readonly context: CloudContext;
  readonly machines: Collection<MachineRecord>;
  readonly executions: Executions;
  readonly tokens: TokenBook;
  readonly evaluator: Evaluator;
  readonly tasks: TaskRunner;
}

/** An operation that needs one permission, of its own name, on one resource. */
export function operation(
  action: string,
  resourceOf: (input: Document) => unknown,
  handle: (input: Document, call: Call) => Promise<Document>,
): Operation {
  const access = (input: Document): AccessRequest[] => [
    { action: `states:${action}`, resource: String(resourceOf(input) ?? '*') },
  ];
  return { access, handle };
}

export function requiredText(input: Document, member: string): string {
  const value = input[member];
  if (typeof value === 'string' && value !== '') return value;
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
  );
}

/** A request that the service refuses as malformed. */
export const invalidRequest = (message: string) => new AwsError('ValidationException', message);

export function requireArn(arn: string, ...kinds: string[]): string {
  const parsed = parseArn(arn);
  if (!parsed) throw new AwsError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  if (!kinds.includes(parsed.kind)) {
    throw new AwsError('InvalidArn', `Invalid Arn: 'Resource type not valid in this context: ${parsed.kind}'`);
  }
  return arn;
}

export function machineOf({ machines }: StatesCore, arn: string): MachineRecord {
  const machine = machines.get(requireArn(arn, 'stateMachine'));
  if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return machine;
}

export function executionOf({ executions }: StatesCore, arn: string): ExecutionRecord {
  const record = executions.records.get(requireArn(arn, 'execution', 'express'));
  if (!record || record.type === 'EXPRESS') {
    throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }
  return record;
}

/** Characters that the service refuses in names. https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are among them
const FORBIDDEN_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export function checkName(name: string): string {
  if (name.length > 80 || FORBIDDEN_IN_NAMES.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}

/** A page of a list; the token is the place to go on from. */
export function page<T>(items: readonly T[], input: Document, most = 1000): { items: T[]; nextToken?: string } {
  const wanted = Number(input.maxResults ?? 0);
  if (wanted > most) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${wanted}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to ${most}`,
    );
  }
  const size = wanted === 0 ? 100 : wanted;
  const start = input.nextToken === undefined ? 0 : readToken(String(input.nextToken));
  const end = start + size;
  return {
    items: items.slice(start, end),
    ...(end < items.length ? { nextToken: Buffer.from(`page:${end}`).toString('base64') } : {}),
  };
}

function readToken(token: string): number {
  const [, place] = /^page:(\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8')) ?? [];
  if (!place) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  return Number(place);
}

/** Leaves out what is not there, as the protocol does. */
export function present(members: Document): Document {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

export const dateOf = (time: number | undefined) => (time === undefined ? undefined : new Date(time));
