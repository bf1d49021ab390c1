import { AsyncLocalStorage } from 'node:async_hooks';
import type { AccessRequest, Principal } from './iam/principal.ts';
import { AwsError } from './kernel/errors.ts';

/**
 * What goes wrong with a request. `lose` carries it out and closes the connection without an answer, `hold` keeps the answer
 * until it is released.
 */
export type FaultEffect = 'throttle' | 'fail' | 'lose' | 'hold' | 'kill before' | 'kill after';

export interface Fault {
  /** The request by the permission that it needs: `lambda:UpdateAlias`. */
  readonly action: string;
  readonly effect: FaultEffect;
  /** Matches the ARN of who calls. @default everybody */
  readonly caller?: RegExp;
  /** Requests that go well before. @default 0 */
  readonly skip?: number;
  /** Requests that it happens to. @default 1 */
  readonly times?: number;
}

export interface InjectedFault {
  /** How often it happened so far. */
  readonly happened: number;
  /** Resolves when it happens for the first time; for `hold`, when the request was carried out. */
  readonly arrived: Promise<void>;
  /** Lets go what is held, and lets it happen no more. */
  release(): void;
}

/** A request was carried out, and nobody is to know. */
export class AnswerLost extends Error {}

interface Served {
  readonly principal: Principal;
  lost: boolean;
  killed: boolean;
  over: boolean;
  held: Planned[];
}

interface Planned extends Fault {
  happened: number;
  met: number;
  readonly arrival: PromiseWithResolvers<void>;
  readonly departure: PromiseWithResolvers<void>;
}

/** Ends the processes that call as a principal. */
type Kill = (principal: Principal) => void;

/**
 * Faults of requests over the wire, for tests of what survives them: a handler's calls and a person's. Calls between services
 * inside the cloud do not fail so.
 */
export class Faults {
  readonly #kill: Kill;
  readonly #planned = new Set<Planned>();
  readonly #serving = new AsyncLocalStorage<Served>();

  constructor(kill: Kill) {
    this.#kill = kill;
  }

  inject(fault: Fault): InjectedFault {
    const [arrival, departure] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const planned: Planned = { ...fault, happened: 0, met: 0, arrival, departure };
    this.#planned.add(planned);
    return {
      get happened() {
        return planned.happened;
      },
      arrived: arrival.promise,
      release: () => {
        this.#planned.delete(planned);
        departure.resolve();
      },
    };
  }

  /** Serves one request; rejects with AnswerLost where its answer must not arrive. */
  async during<T>(principal: Principal, serve: () => Promise<T>): Promise<T> {
    if (this.#planned.size === 0) return serve();
    const served: Served = { principal, lost: false, killed: false, over: false, held: [] };
    const answer = await this.#serving.run(served, serve).then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    served.over = true;
    for (const { arrival, departure } of served.held) {
      arrival.resolve();
      await departure.promise;
    }
    if (served.killed) this.#kill(principal);
    if (served.lost) throw new AnswerLost();
    return answer();
  }

  /** A request was found to be allowed and is about to be carried out. */
  meet(principal: Principal, requests: readonly AccessRequest[]): void {
    const served = this.#serving.getStore();
    // What a request sets off runs in its context, too, but as somebody else or later.
    if (!served || served.over || served.principal !== principal) return;
    const concerned = [...this.#planned].filter((fault) => concerns(fault, principal, requests));
    for (const fault of concerned) fault.met += 1;
    for (const fault of concerned) {
      const { skip = 0, times = 1 } = fault;
      if (fault.met <= skip || fault.met > skip + times) continue;
      fault.happened += 1;
      if (fault.effect === 'hold') served.held.push(fault);
      else {
        fault.arrival.resolve();
        EFFECTS[fault.effect](served, () => this.#kill(principal));
      }
    }
  }
}

const concerns = ({ action, caller }: Fault, principal: Principal, requests: readonly AccessRequest[]) =>
  requests.some((request) => request.action === action) &&
  (!caller || ('arn' in principal && caller.test(principal.arn)));

const EFFECTS: Readonly<Record<Exclude<FaultEffect, 'hold'>, (served: Served, kill: () => void) => void>> = {
  throttle() {
    throw new AwsError('ThrottlingException', 'Rate exceeded', { status: 400 });
  },
  fail() {
    throw new AwsError('InternalServerError', 'An injected fault', { status: 500 });
  },
  lose(served) {
    served.lost = true;
  },
  'kill before'(served, kill) {
    kill();
    served.lost = true;
    throw new AwsError('InternalServerError', 'Its caller was killed', { status: 500 });
  },
  'kill after'(served) {
    served.killed = true;
    served.lost = true;
  },
};
