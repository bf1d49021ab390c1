import type { JsonObject } from '../json.ts';

/** What a state fails with: an error name that Retry and Catch match, and a cause for people. */
export class StateFailure extends Error {
  readonly error: string | undefined;
  readonly reason: string | undefined;
  /** Another name that Retry and Catch may use for it. */
  readonly alias: string | undefined;

  constructor(error: string | undefined, reason?: string, options: { alias?: string } = {}) {
    super(`${error ?? 'Failure'}: ${reason ?? ''}`);
    this.error = error;
    this.reason = reason;
    this.alias = options.alias;
  }

  /** `States.Runtime` ends the execution at once: no Retry, no Catch, no event of the states around it. */
  get fatal(): boolean {
    return this.error === 'States.Runtime';
  }

  /** What a catcher sees as `$states.errorOutput`. A timeout has an empty cause, anything else without one has null. */
  get output(): JsonObject {
    const missing = this.error === 'States.Timeout' ? '' : null;
    return { Error: this.error ?? null, Cause: this.reason ?? missing };
  }

  /** Details of the events that report it; what is absent is left out. */
  get details(): JsonObject {
    return {
      ...(this.error === undefined ? {} : { error: this.error }),
      ...(this.reason === undefined ? {} : { cause: this.reason }),
    };
  }
}

/** The execution was stopped or a sibling failed: whoever sees it writes nothing more and steps back. */
export class Aborted extends Error {}

export const runtimeFailure = (reason: string) => new StateFailure('States.Runtime', reason);

export const dataLimitExceeded = (what: string) =>
  new StateFailure(
    'States.DataLimitExceeded',
    `The state/task '${what}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
