import { randomBytes } from 'node:crypto';
import { AwsError } from '../kernel/errors.ts';
import type { Collection } from '../kernel/store.ts';
import type { CallbackResult, TokenDesk } from './integrations/runner.ts';
import type { Json } from './json.ts';
import type { TokenRecord } from './records.ts';

interface Waiter {
  resolve(result: CallbackResult): void;
  onHeartbeat(): void;
}

/** Task tokens: who waits for which, and what came back. Tokens stay valid over a restart, until their task gives them up. */
export class TokenBook implements TokenDesk {
  readonly #records: Collection<TokenRecord>;
  readonly #waiters = new Map<string, Waiter>();
  #stopped = false;

  constructor(records: Collection<TokenRecord>) {
    this.#records = records;
  }

  issue(executionArn: string): string {
    const token = `AQCE${randomBytes(96).toString('base64')}`;
    this.#records.set(token, { executionArn, withdrawn: false });
    return token;
  }

  result(token: string, onHeartbeat: () => void): Promise<CallbackResult> {
    const early = this.#records.get(token)?.result;
    if (early !== undefined) return Promise.resolve(early as unknown as CallbackResult);
    return new Promise((resolve) => this.#waiters.set(token, { resolve, onHeartbeat }));
  }

  withdraw(token: string): void {
    if (this.#stopped) return;
    this.#waiters.delete(token);
    const record = this.#records.get(token);
    if (record) this.#records.set(token, { executionArn: record.executionArn, withdrawn: true });
  }

  /** SendTaskSuccess and SendTaskFailure. */
  complete(token: string, result: CallbackResult): void {
    const record = this.#valid(token);
    const waiter = this.#waiters.get(token);
    this.#waiters.delete(token);
    this.#records.set(token, { ...record, withdrawn: true, result: result as unknown as Json });
    waiter?.resolve(result);
  }

  /** SendTaskHeartbeat. */
  heartbeat(token: string): void {
    this.#valid(token);
    this.#waiters.get(token)?.onHeartbeat();
  }

  /** The cloud stops: what waits goes on waiting after the restart. */
  stop(): void {
    this.#stopped = true;
  }

  #valid(token: string): TokenRecord {
    const record = this.#records.get(token);
    if (!record) throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
    if (record.withdrawn) {
      throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
    }
    return record;
  }
}
