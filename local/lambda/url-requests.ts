import type { Principal } from '../iam/principal.ts';
import { AwsError } from '../kernel/errors.ts';
import type { Call, Document, HttpRequest, HttpResponse } from '../kernel/service.ts';
import { type Invoker, SYNC_PAYLOAD_LIMIT } from './execution/invoker.ts';
import { type FunctionUrls, URL_PATH } from './function-urls.ts';
import type { LambdaState, UrlRecord } from './state.ts';

/** Serves requests to function URLs. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export class UrlRequests {
  readonly #state: LambdaState;
  readonly #urls: FunctionUrls;
  readonly #invoker: Invoker;

  constructor(state: LambdaState, urls: FunctionUrls, invoker: Invoker) {
    this.#state = state;
    this.#urls = urls;
    this.#invoker = invoker;
  }

  isFor(request: HttpRequest): boolean {
    return request.rawPath.startsWith(URL_PATH);
  }

  /** Without a signature there is no caller, and every URL here wants one. */
  async unsigned(request: HttpRequest): Promise<HttpResponse | undefined> {
    return this.isFor(request) ? message(403, 'Forbidden', 'AccessDeniedException') : undefined;
  }

  async serve(request: HttpRequest, call: Call): Promise<HttpResponse> {
    const [id = '', ...rest] = request.rawPath.slice(URL_PATH.length).split('/');
    const record = this.#urls.byId(id);
    if (!record || !this.#allows(record, call.principal)) return message(403, 'Forbidden', 'AccessDeniedException');
    const body = await request.bytes(SYNC_PAYLOAD_LIMIT);
    const event = eventOf({ record, request, call, body, rawPath: `/${rest.join('/')}` }, this.#state);
    try {
      const result = await this.#invoker.invoke({
        name: record.functionName,
        qualifier: record.qualifier,
        requestId: call.requestId,
        payload: JSON.stringify(event),
      });
      const answer = result.functionError === undefined ? answerOf(result.payload) : undefined;
      return answer ?? message(502, 'Internal Server Error', 'InternalServerErrorException');
    } catch (error) {
      if (error instanceof AwsError) return message(error.status, error.message, error.code);
      throw error;
    }
  }

  /** Since October 2025 both permissions are needed. https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
  #allows({ functionName, qualifier }: UrlRecord, principal: Principal): boolean {
    const resource = this.#state.arn(functionName, qualifier);
    const policy = this.#state.policy(functionName, qualifier);
    try {
      this.#state.context.authorize(principal, [
        { action: 'lambda:InvokeFunctionUrl', resource, policy, context: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
        { action: 'lambda:InvokeFunction', resource, policy, context: { 'lambda:InvokedViaFunctionUrl': 'true' } },
      ]);
      return true;
    } catch {
      // The denied call is in the IAM report; the caller is told no more than on AWS.
      return false;
    }
  }
}

interface UrlRequest {
  readonly record: UrlRecord;
  readonly request: HttpRequest;
  readonly call: Call;
  readonly body: Buffer;
  readonly rawPath: string;
}

const TEXT = /^(text\/|application\/(json|javascript|xml|x-www-form-urlencoded|.*\+(json|xml)))/i;

/** Payload format 2.0. */
function eventOf({ record, request, call, body, rawPath }: UrlRequest, state: LambdaState): Document {
  const { region, account, clock } = state.context;
  const { cookie, ...headers } = request.headers;
  const query = Object.fromEntries(
    [...new Set(request.query.keys())].map((key) => [key, request.query.getAll(key).join(',')]),
  );
  const isText = body.length === 0 || TEXT.test(headers['content-type'] ?? '');
  const userArn = 'arn' in call.principal ? call.principal.arn : '';
  const now = new Date(clock.now());
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: request.query.toString().replaceAll('+', '%20'),
    ...(cookie ? { cookies: cookie.split('; ') } : {}),
    headers,
    ...(Object.keys(query).length > 0 ? { queryStringParameters: query } : {}),
    requestContext: {
      accountId: account,
      apiId: record.id,
      authorizer: {
        iam: { accountId: account, userArn, callerId: userArn, cognitoIdentity: null, principalOrgId: null },
      },
      domainName: `${record.id}.lambda-url.${region}.on.aws`,
      domainPrefix: record.id,
      http: {
        method: request.method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: call.requestId,
      routeKey: '$default',
      stage: '$default',
      time: logTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 ? { body: body.toString(isText ? 'utf8' : 'base64') } : {}),
    isBase64Encoded: !isText,
  };
}

/** `05/Jan/2026:00:00:00 +0000` */
function logTime(time: Date): string {
  const [, day, month, year, clock] = time.toUTCString().split(/[ ]/);
  return `${day}/${month}/${year}:${clock} +0000`;
}

/** What the function gave back as an HTTP response; undefined when it is none. */
function answerOf(payload: string): HttpResponse | undefined {
  const value = JSON.parse(payload) as Document | null;
  if (typeof value !== 'object' || value === null || !('statusCode' in value)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: payload };
  }
  const status = Number(value.statusCode);
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined;
  const given = Object.entries((value.headers ?? {}) as Document).map(([name, text]) => [
    name.toLowerCase(),
    String(text),
  ]);
  const headers: Record<string, string> = { 'content-type': 'application/json', ...Object.fromEntries(given) };
  const cookies = value.cookies as string[] | undefined;
  if (cookies?.length) headers['set-cookie'] = cookies.join(', ');
  const body = typeof value.body === 'string' ? value.body : value.body === undefined ? '' : JSON.stringify(value.body);
  return { status, headers, body: value.isBase64Encoded === true ? Buffer.from(body, 'base64') : body };
}

function message(status: number, text: string, code: string): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Message: text }),
  };
}
