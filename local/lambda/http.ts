import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Call, CloudContext, Document, HttpRequest, HttpResponse, Operation } from '../kernel/service.ts';
import { SYNC_PAYLOAD_LIMIT } from './execution/invoker.ts';
import { findRoute, type Route } from './routes.ts';

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;
/** Query parameters whose names are not the members'. */
const RENAMED: Readonly<Record<string, string>> = { tagKeys: 'TagKeys' };

/** Lambda's REST API over operations. https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function lambdaHttp(context: CloudContext, operations: Readonly<Record<string, Operation>>) {
  const run = async (action: string, input: Document, call: Call) => {
    const operation = operations[action];
    if (!operation) throw new Unsupported(`the action lambda:${action}`);
    context.authorize(call.principal, (await operation.access?.(input, call)) ?? []);
    return operation.handle(input, call);
  };

  return async (request: HttpRequest, call: Call): Promise<HttpResponse> => {
    try {
      const invoked = request.method === 'POST' ? INVOKE.exec(request.rawPath)?.[1] : undefined;
      if (invoked !== undefined) {
        return invocationResponse(await run('Invoke', await invocationInput(request, invoked), call), call);
      }
      const found = findRoute(request.method, request.rawPath);
      if (!found) throw new Unsupported(`the Lambda request ${request.method} ${request.rawPath}`);
      const input = { ...(await bodyOf(request)), ...queryOf(request), ...found.labels };
      return documentResponse(found.route, await run(found.route.action, input, call), call);
    } catch (error) {
      if (!(error instanceof AwsError)) {
        const { message, stack } = error as Error;
        context.log(`lambda ${request.rawPath} failed: ${message}`, { error: String(stack) });
        return errorResponse(
          new AwsError('ServiceException', `The local cloud failed: ${message}`, { status: 500 }),
          call,
        );
      }
      return errorResponse(error, call);
    }
  };
}

/** More than the limit is read, so that the operation can say what the limit is. */
async function invocationInput(request: HttpRequest, name: string): Promise<Document> {
  const { headers } = request;
  return {
    FunctionName: decodeURIComponent(name),
    Qualifier: request.query.get('Qualifier') ?? undefined,
    InvocationType: headers['x-amz-invocation-type'],
    LogType: headers['x-amz-log-type'],
    ClientContext: headers['x-amz-client-context'],
    Payload: await request.bytes(4 * SYNC_PAYLOAD_LIMIT),
  };
}

function invocationResponse(output: Document, call: Call): HttpResponse {
  const optional = {
    'x-amz-executed-version': output.ExecutedVersion,
    'x-amz-function-error': output.FunctionError,
    'x-amz-log-result': output.LogResult,
  };
  const set = Object.entries(optional).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return {
    status: Number(output.StatusCode),
    headers: { ...headersOf(call), ...Object.fromEntries(set) },
    body: output.Payload as Uint8Array | undefined,
  };
}

async function bodyOf(request: HttpRequest): Promise<Document> {
  // A zip file of 50 MB arrives as base64.
  const text = (await request.bytes(70 * 1024 ** 2)).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text) as Document;
  } catch (error) {
    throw new AwsError('SerializationException', `The request body is not JSON: ${(error as Error).message}`);
  }
}

function queryOf({ query }: HttpRequest): Document {
  const input: Document = {};
  for (const key of new Set(query.keys())) {
    const renamed = RENAMED[key];
    input[renamed ?? key] = renamed ? query.getAll(key) : query.get(key);
  }
  return input;
}

function documentResponse({ status = 200 }: Route, output: Document, call: Call): HttpResponse {
  if (status === 204) return { status, headers: headersOf(call) };
  return { status, headers: headersOf(call), body: JSON.stringify(output, epochSeconds) };
}

/** Timestamps are numbers on this wire; `this[key]`, because JSON.stringify has turned dates into text already. */
function epochSeconds(this: Document, key: string, value: unknown): unknown {
  const raw = this[key];
  return raw instanceof Date ? raw.getTime() / 1000 : value;
}

function errorResponse(error: AwsError, call: Call): HttpResponse {
  const { retryAfterSeconds, ...details } = error.details;
  return {
    status: error.status,
    headers: {
      ...headersOf(call),
      'x-amzn-errortype': error.code,
      ...(retryAfterSeconds ? { 'retry-after': String(retryAfterSeconds) } : {}),
    },
    body: JSON.stringify({ Type: error.status < 500 ? 'User' : 'Server', Message: error.message, ...details }),
  };
}

const headersOf = (call: Call) => ({ 'content-type': 'application/json', 'x-amzn-requestid': call.requestId });
