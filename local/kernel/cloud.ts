import { randomUUID } from 'node:crypto';
import { Faults } from '../faults.ts';
import type { AccessRequest, Principal } from '../iam/principal.ts';
import type { Clock, Work } from './clock.ts';
import { CredentialBook, rolePrincipal } from './credentials.ts';
import { Unsupported } from './errors.ts';
import { Gateway } from './gateway.ts';
import type { Call, CloudContext, Document, HttpRequest, HttpResponse, Service, ServiceDefinition } from './service.ts';
import type { Store } from './store.ts';

/** What a service does for the others, beside its API. */
export type Sinks = Pick<CloudContext, 'putServiceEvent' | 'putServiceMetric' | 'putLogEvents'>;

export type ServiceFactory = (context: CloudContext) => Service & { readonly sinks?: Partial<Sinks> };

export interface KernelOptions {
  readonly clock: Clock;
  readonly store: Store;
  /** @default 000000000000 */
  readonly account?: string;
  /** @default us-east-1 */
  readonly region?: string;
  readonly services: readonly ServiceFactory[];
  /** Throws AccessDenied unless every request is granted. @default everything is granted */
  readonly authorize?: CloudContext['authorize'];
  readonly control?: (request: HttpRequest) => Promise<HttpResponse | undefined>;
  readonly log?: CloudContext['log'];
}

/** Services on one clock, one store and one port: the part of the local cloud that knows nothing of any one service. */
export class Kernel {
  readonly context: CloudContext;
  readonly services: ReadonlyMap<string, Service>;
  readonly faults: Faults;
  readonly #gateway: Gateway;
  readonly #clock: Clock;

  constructor(options: KernelOptions) {
    const { clock, store, account = '000000000000', region = 'us-east-1' } = options;
    const log = options.log ?? (() => undefined);
    const credentials = new CredentialBook(account);
    const services = new Map<string, Service>();
    const sinks: Partial<Sinks> = {};
    const granted = options.authorize ?? (() => undefined);
    this.faults = new Faults((principal) => {
      for (const service of services.values()) service.killCaller?.(principal);
    });
    const authorize: CloudContext['authorize'] = (principal, requests, how) => {
      granted(principal, requests, how);
      this.faults.meet(principal, requests);
    };
    this.#clock = clock;

    this.context = {
      account,
      region,
      partition: 'aws',
      clock,
      store,
      endpoint: () => this.endpoint,
      authorize,
      call: (principal, service, action, input, work) => {
        const definition = services.get(service);
        if (!definition) throw new Unsupported(`the service "${service}"`);
        return dispatch(definition, action, input, { principal, work, requestId: randomUUID() }, authorize);
      },
      emit: (name, body) => {
        clock
          .run(name, body)
          .catch((error: unknown) =>
            log(`${name} failed: ${(error as Error).message}`, { error: String((error as Error).stack) }),
          );
      },
      putServiceEvent: (event) => sinks.putServiceEvent?.(event),
      putServiceMetric: (datum) => sinks.putServiceMetric?.(datum),
      putLogEvents: (group, stream, messages) => sinks.putLogEvents?.(group, stream, messages),
      roleCredentials: (roleArn, session) => credentials.issue(roleArn, session),
      rolePrincipal,
      log,
    };

    for (const create of options.services) {
      const service = create(this.context);
      services.set(service.name, service);
      Object.assign(sinks, service.sinks);
    }
    this.services = services;
    this.#gateway = new Gateway({
      clock,
      services,
      principalOf: (key) => credentials.principal(key),
      dispatch: (service, action, input, call) => dispatch(service, action, input, call, authorize),
      control: options.control,
      faults: this.faults,
      onUnexpected: (error, what) =>
        log(`${what} failed: ${(error as Error).message}`, { error: String((error as Error).stack) }),
    });
  }

  get endpoint(): string {
    if (this.#gateway.port === 0) throw new Error('The local cloud does not listen yet');
    return `http://127.0.0.1:${this.#gateway.port}`;
  }

  /** Opens the port, then lets every service take up what was in progress. */
  async start(port?: number): Promise<void> {
    await this.#gateway.listen(port);
    for (const service of this.services.values()) await service.resume?.();
  }

  async stop(): Promise<void> {
    this.#clock.stop();
    await this.#gateway.close();
    for (const service of this.services.values()) await service.stop?.();
    this.context.store.close();
  }
}

/** One action with its checks: it exists, the caller may, then it runs. */
async function dispatch(
  service: ServiceDefinition,
  action: string,
  input: Document,
  call: Call,
  authorize: CloudContext['authorize'],
): Promise<Document> {
  const operation = service.operations[action];
  if (!operation) throw new Unsupported(`the action ${service.name}:${action}`);
  const needed: AccessRequest[] = (await operation.access?.(input, call)) ?? [];
  authorize(call.principal, needed, { code: service.accessDeniedCode });
  return operation.handle(input, call);
}

export type { Principal, Work };
