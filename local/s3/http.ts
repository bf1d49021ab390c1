import { AwsError } from '../kernel/errors.ts';
import type { Call, HttpRequest, HttpResponse } from '../kernel/service.ts';
import { checkOwner } from './access.ts';
import { S3Error } from './errors.ts';
import type { S3, S3Answer, S3Request } from './request.ts';
import { route } from './router.ts';
import { renderError, renderXml, type XmlContent } from './xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, in bytes of UTF-8. */
const LONGEST_KEY = 1024;

/** Answers one HTTP request in S3's REST protocol. */
export async function serveHttp(s3: S3, http: HttpRequest, call: Call): Promise<HttpResponse> {
  const common = {
    server: 'AmazonS3',
    date: new Date(s3.context.clock.now()).toUTCString(),
    'x-amz-request-id': call.requestId,
    'x-amz-id-2': call.requestId,
  };
  let request: S3Request | undefined;
  try {
    request = readRequest(s3, http, call);
    return encode(await perform(s3, request), common);
  } catch (error) {
    return encodeError(s3, error, { request, path: http.rawPath, headOnly: http.method === 'HEAD', common });
  }
}

/** Routes, checks and runs a request, wherever it comes from. */
export async function perform(s3: S3, request: S3Request): Promise<S3Answer> {
  const operation = route(request);
  checkOwner(s3, request);
  s3.context.authorize(request.call.principal, operation.access(s3, request), { code: 'AccessDenied' });
  return operation.handle(s3, request);
}

function readRequest(s3: S3, http: HttpRequest, call: Call): S3Request {
  const { bucket, key } = address(http);
  const headers = { ...presigned(s3, http), ...http.headers };
  return {
    method: http.method,
    bucket,
    key,
    query: http.query,
    headers,
    body: http.body,
    bytes: () => http.bytes(),
    call,
  };
}

/** `/bucket/key` on the host itself, `/key` on `bucket.localhost` and `bucket.s3.localhost`. */
function address(http: HttpRequest): { bucket: string; key: string } {
  const host = (http.headers.host ?? '').replace(/:\d+$/, '');
  const virtual = /^(.+?)(?:\.s3(?:[.-][a-z0-9-]+)?)?\.localhost$/.exec(host)?.[1];
  const ownHost = virtual === undefined || virtual === 's3' || virtual.startsWith('s3.');
  const path = ownHost ? http.rawPath.slice(1) : `${virtual}${http.rawPath}`;
  const slash = path.indexOf('/');
  const bucket = slash < 0 ? path : path.slice(0, slash);
  let key: string;
  try {
    key = slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1));
  } catch {
    throw new S3Error('InvalidURI', { details: { URI: http.rawPath } });
  }
  const size = Buffer.byteLength(key);
  if (size > LONGEST_KEY) {
    throw new S3Error('KeyTooLongError', { details: { Size: size, MaxSizeAllowed: LONGEST_KEY } });
  }
  return { bucket, key };
}

/**
 * Headers that a presigned URL carries in its query. Its expiry is measured by the host's clock where the cloud's is ahead
 * of it: a URL that was made outside, by a tool that cannot know the cloud's time, must not have expired already.
 */
function presigned(s3: S3, { query }: HttpRequest): Record<string, string> {
  const expires = expiry(query);
  if (expires === undefined) return {};
  if (expires < Math.min(Date.now(), s3.context.clock.now())) {
    throw new S3Error('AccessDenied', { message: 'Request has expired', details: { Expires: new Date(expires) } });
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of query) {
    const header = name.toLowerCase();
    const aboutContent = header.startsWith('x-amz-checksum-') || header === 'x-amz-sdk-checksum-algorithm';
    if (header.startsWith('x-amz-') && !aboutContent) headers[header] = value;
  }
  return headers;
}

/** When a presigned URL ends: Signature Version 4 gives a date and seconds, version 2 the moment. */
function expiry(query: URLSearchParams): number | undefined {
  const [date, seconds] = [query.get('X-Amz-Date'), query.get('X-Amz-Expires')];
  if (query.has('AWSAccessKeyId')) return Number(query.get('Expires')) * 1000;
  if (date === null || seconds === null) return undefined;
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  return signedAt + Number(seconds) * 1000;
}

function encode(answer: S3Answer, common: Record<string, string>): HttpResponse {
  const headers: Record<string, string> = { ...common };
  for (const [name, value] of Object.entries(answer.headers ?? {})) if (value !== undefined) headers[name] = value;
  const status = answer.status ?? 200;
  if (answer.document) {
    const body = renderXml(answer.document.root, answer.document.content);
    return { status, headers: { ...headers, ...textHeaders('application/xml', body) }, body };
  }
  if (typeof answer.body === 'string') {
    return {
      status,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(answer.body)) },
      body: answer.body,
    };
  }
  if (!answer.body && status !== 204 && status !== 304) headers['content-length'] ??= '0';
  return { status, headers, body: answer.body };
}

interface ErrorSurroundings {
  readonly request?: S3Request;
  readonly path: string;
  readonly headOnly: boolean;
  readonly common: Record<string, string>;
}

function encodeError(s3: S3, error: unknown, { request, path, headOnly, common }: ErrorSurroundings): HttpResponse {
  const known = asAwsError(s3, error, path);
  const body = headOnly
    ? ''
    : renderError({
        Code: known.code,
        Message: known.message,
        ...(known.details as Record<string, XmlContent>),
        Resource: request ? `/${request.bucket}${request.key === '' ? '' : `/${request.key}`}` : path,
        RequestId: common['x-amz-request-id'],
        HostId: common['x-amz-id-2'],
      });
  const extra = known instanceof S3Error ? known.headers : {};
  return { status: known.status, headers: { ...common, ...extra, ...textHeaders('application/xml', body) }, body };
}

function asAwsError(s3: S3, error: unknown, path: string): AwsError {
  if (error instanceof AwsError) return error;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return new S3Error('IncompleteBody');
  s3.context.log(`s3 ${path} failed: ${message}`, { error: String(stack) });
  return new AwsError('InternalError', `We encountered an internal error. Please try again. (${message})`, {
    status: 500,
  });
}

function textHeaders(type: string, body: string): Record<string, string> {
  return { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) };
}
