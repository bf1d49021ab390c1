import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AnswerLost, type Faults } from '../faults.ts';
import type { Principal } from '../iam/principal.ts';
import type { Clock } from './clock.ts';
import { readSignature, type Signature } from './credentials.ts';
import { AwsError, Unsupported } from './errors.ts';
import { cborProtocol } from './protocol/cbor.ts';
import { jsonProtocol } from './protocol/json.ts';
import { escapeXml, queryProtocol } from './protocol/query.ts';
import type { Call, Document, HttpRequest, HttpResponse, ServiceDefinition } from './service.ts';

export interface GatewayOptions {
  readonly clock: Clock;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  principalOf(accessKeyId: string): Principal;
  /** Runs an action with its checks. */
  dispatch(service: ServiceDefinition, action: string, input: Document, call: Call): Promise<Document>;
  /** Requests to the cloud itself, under `CONTROL_PATH`; they need no signature and do not hold the time. */
  control?(request: HttpRequest): Promise<HttpResponse | undefined>;
  readonly faults: Pick<Faults, 'during'>;
  onUnexpected(error: unknown, what: string): void;
}

/** What begins so is for the cloud itself: no service of AWS has such paths. */
export const CONTROL_PATH = '/_sluice/';

const PROTOCOLS = [cborProtocol, jsonProtocol, queryProtocol];
const DEFAULT_BODY_LIMIT = 16 * 1024 ** 2;

/** Serves AWS's protocols for every service on one port of the loopback interface. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  #port = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.keepAliveTimeout = 60_000;
    this.#server.requestTimeout = 0;
  }

  get port() {
    return this.#port;
  }

  /** Listens on 127.0.0.1 and nowhere else. `port` 0 takes a free one. */
  async listen(port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    const request = httpRequest(message);
    const isControl = request.rawPath.startsWith(CONTROL_PATH);
    const work = isControl ? undefined : this.#options.clock.begin(`${message.method} ${request.rawPath}`);
    try {
      checkHost(request);
      const answer = work ? await this.#answer(request, requestId, work) : await this.#control(request);
      await send(response, answer, message.method === 'HEAD');
    } catch (error) {
      if (response.headersSent || error instanceof AnswerLost) response.destroy();
      else await send(response, lastWord(error, request, requestId), message.method === 'HEAD');
      if (!(error instanceof AwsError || error instanceof AnswerLost))
        this.#options.onUnexpected(error, `${message.method} ${message.url}`);
    } finally {
      work?.end();
    }
  }

  async #control(request: HttpRequest): Promise<HttpResponse> {
    const answer = await this.#options.control?.(request);
    return answer ?? { status: 404, body: `The local cloud has nothing at ${request.rawPath}\n` };
  }

  async #answer(request: HttpRequest, requestId: string, work: Call['work']): Promise<HttpResponse> {
    const signature = readSignature(request.headers, request.query);
    if (!signature) {
      const open = await this.#unsigned(request);
      if (open) return open;
    }
    const service = this.#service(signature);
    const protocol = PROTOCOLS.find((candidate) => candidate.matches(request, service));
    try {
      const principal = this.#options.principalOf(signature?.accessKeyId ?? '');
      const call: Call = { requestId, work, principal };
      const { faults } = this.#options;
      if (!protocol) {
        const { http } = service;
        if (http) return await faults.during(principal, () => http(request, call));
        throw new Unsupported(`the protocol of this ${service.name} request (${request.method} ${request.rawPath})`);
      }
      const { action, input } = await protocol.decode(request, service);
      const output = await faults.during(principal, () => this.#options.dispatch(service, action, input, call));
      return protocol.encode(action, output, service, requestId);
    } catch (error) {
      if (error instanceof AnswerLost) throw error;
      if (!protocol) {
        if (service.errorsInXml && error instanceof AwsError) return xmlError(error, requestId);
        throw error;
      }
      if (!(error instanceof AwsError)) this.#options.onUnexpected(error, `${service.name} ${request.rawPath}`);
      return protocol.encodeError(asAwsError(error), service, requestId);
    }
  }

  async #unsigned(request: HttpRequest): Promise<HttpResponse | undefined> {
    for (const service of this.#options.services.values()) {
      const answer = await service.unsigned?.(request);
      if (answer) return answer;
    }
    return undefined;
  }

  #service(signature: Signature | undefined): ServiceDefinition {
    if (!signature) {
      throw new AwsError(
        'MissingAuthenticationToken',
        'The request is not signed: send any credentials but real ones, e.g. test/test',
        {
          status: 403,
        },
      );
    }
    const service = this.#options.services.get(signature.service);
    if (!service) throw new Unsupported(`the service "${signature.service}"`);
    return service;
  }
}

/** Only names of this machine: a page in a browser that rebinds its host name to 127.0.0.1 is refused. */
function checkHost(request: HttpRequest): void {
  const host = request.headers.host ?? '';
  const name = host.replace(/:\d+$/, '');
  const ours = name === '127.0.0.1' || name === 'localhost' || name === '[::1]' || name.endsWith('.localhost');
  const origin = request.headers.origin;
  const foreignOrigin = origin !== undefined && !/^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(origin);
  if (!ours || foreignOrigin) {
    throw new AwsError(
      'ForbiddenHost',
      `The local cloud answers on 127.0.0.1 and localhost only, not for ${JSON.stringify(foreignOrigin ? origin : host)}`,
      {
        status: 403,
      },
    );
  }
}

function httpRequest(message: IncomingMessage): HttpRequest {
  const url = message.url ?? '/';
  const cut = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    method: message.method ?? 'GET',
    rawPath: cut < 0 ? url : url.slice(0, cut),
    query: new URLSearchParams(cut < 0 ? '' : url.slice(cut + 1)),
    headers,
    body: message,
    bytes: (limit = DEFAULT_BODY_LIMIT) => readAll(message, limit),
  };
}

async function readAll(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      throw new AwsError('RequestEntityTooLargeException', `The request body is larger than ${limit} bytes`, {
        status: 413,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function send(response: ServerResponse, answer: HttpResponse, headOnly: boolean): Promise<void> {
  response.writeHead(answer.status, answer.headers);
  if (headOnly || answer.body === undefined) {
    response.end();
  } else if (answer.body instanceof Readable) {
    await pipeline(answer.body, response);
  } else {
    response.end(answer.body);
  }
}

function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  return new AwsError('InternalFailure', `The local cloud failed: ${(error as Error)?.message ?? String(error)}`, {
    status: 500,
  });
}

/** What no service words: as XML for clients of the query protocols, which cannot read anything else. */
function lastWord(error: unknown, { headers }: HttpRequest, requestId: string): HttpResponse {
  const isQuery = (headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
  return isQuery ? xmlError(asAwsError(error), requestId, 'Response', 'Errors') : jsonError(error, requestId);
}

function xmlError({ code, message, status }: AwsError, requestId: string, ...around: string[]): HttpResponse {
  const error = `<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const body = around.reduceRight((inner, name) => `<${name}>${inner}</${name}>`, error);
  const headers = { 'content-type': 'application/xml', 'x-amzn-requestid': requestId };
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}

function jsonError(error: unknown, requestId: string): HttpResponse {
  const { code, message, status, details } = asAwsError(error);
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code, 'x-amzn-requestid': requestId },
    body: JSON.stringify({ __type: code, message, ...details }),
  };
}
