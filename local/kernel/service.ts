import type { Readable } from 'node:stream';
import type { AccessRequest, Principal } from '../iam/principal.ts';
import type { Clock, Work } from './clock.ts';
import type { Store } from './store.ts';

/** One request that a service is asked to carry out, whoever asks: a socket, another service, a state machine. */
export interface Call {
  readonly requestId: string;
  readonly principal: Principal;
  /** Holds the cloud's time while the call runs; `work.sleep` and `work.wait` let it pass. */
  readonly work: Work;
}

export type Document = Record<string, unknown>;

/** One API action. Input and output are the documented shapes as plain objects (blobs: Uint8Array, timestamps: Date). */
export interface Operation {
  /** What the caller must be allowed; nothing runs before each is granted. Throws the service's own error for what does not exist. */
  access?(input: Document, call: Call): AccessRequest[] | Promise<AccessRequest[]>;
  handle(input: Document, call: Call): Promise<Document>;
}

/** A service whose whole API is actions in one of AWS's RPC protocols. */
export interface ServiceDefinition {
  /** The name that requests are signed for: `sqs`, `states`, `monitoring` … */
  readonly name: string;
  /** `X-Amz-Target` prefix of the JSON protocol (also the rpcv2Cbor service name), e.g. `AmazonSQS`. */
  readonly target?: string;
  readonly jsonVersion?: '1.0' | '1.1';
  /** XML namespace of the query protocol, where the service speaks it. */
  readonly queryNamespace?: string;
  /** Error code in the `x-amzn-query-error`/AccessDenied style of this service. @default AccessDeniedException */
  readonly accessDeniedCode?: string;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Its clients read errors as XML although it does not speak the query protocol (S3). */
  readonly errorsInXml?: boolean;
  /** A service with HTTP bindings (S3, Lambda) routes its own requests. */
  http?(request: HttpRequest, call: Call): Promise<HttpResponse>;
  /** Answers a request without a signature that is for this service (a function URL), or nothing. */
  unsigned?(request: HttpRequest): Promise<HttpResponse | undefined>;
}

export interface HttpRequest {
  readonly method: string;
  /** Decoded nowhere: as the client sent it, without the query. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
  /** Reads the whole body; rejects beyond `limit` bytes. @default 16 MiB */
  bytes(limit?: number): Promise<Buffer>;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

/** What every service of a cloud is given. */
export interface CloudContext {
  readonly account: string;
  readonly region: string;
  readonly partition: 'aws';
  readonly clock: Clock;
  readonly store: Store;
  /** `http://127.0.0.1:<port>`; throws before the gateway listens. */
  endpoint(): string;
  /** Throws AccessDenied unless every request is granted to the principal. */
  authorize(principal: Principal, requests: readonly AccessRequest[], options?: { code?: string }): void;
  /** Runs an action of another service as `principal`, with the checks that a request over the wire meets. */
  call(principal: Principal, service: string, action: string, input: Document, work: Work): Promise<Document>;
  /** Like `call`, in a new piece of work that nobody waits for; `onError` is told. */
  emit(name: string, body: (work: Work) => Promise<void>): void;
  /** An event on the default bus from an AWS service itself (source `aws.…`). */
  putServiceEvent(event: { source: string; detailType: string; detail: Document; resources?: string[] }): void;
  /** A datum of an AWS namespace (`AWS/States`, `AWS/SQS` …) at the cloud's present time. */
  putServiceMetric(datum: {
    namespace: string;
    name: string;
    dimensions: Record<string, string>;
    value: number;
    unit?: string;
  }): void;
  /** A line in a log group, as the service itself writes it after its permission was checked. */
  putLogEvents(logGroup: string, logStream: string, messages: readonly string[]): void;
  /** Credentials for a role, as STS would hand to a service that assumed it; the environment variables of a handler. */
  roleCredentials(roleArn: string, sessionName: string): RoleCredentials;
  /** The principal of a role's session, for calls that a service makes with it. */
  rolePrincipal(roleArn: string, sessionName: string): Principal;
  /** A message for the person who runs the cloud. */
  log(message: string, fields?: Document): void;
}

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** A service with what it needs around its API. */
export interface Service extends ServiceDefinition {
  /** CloudFormation types that it provisions. */
  readonly resourceTypes?: readonly import('./resource-type.ts').ResourceType[];
  /** After a restart from a folder: takes up what was in progress. */
  resume?(): Promise<void>;
  /** Ends the processes that call as a principal, for faults. */
  killCaller?(principal: Principal): void;
  stop?(): Promise<void>;
}
