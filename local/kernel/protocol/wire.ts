import { gunzipSync } from 'node:zlib';
import { AwsError } from '../errors.ts';
import type { Document, HttpRequest, HttpResponse, ServiceDefinition } from '../service.ts';

/** Turns requests of one of AWS's RPC protocols into (action, input) and answers back into bytes. */
export interface WireProtocol {
  matches(request: HttpRequest, service: ServiceDefinition): boolean;
  decode(request: HttpRequest, service: ServiceDefinition): Promise<{ action: string; input: Document }>;
  encode(action: string, output: Document, service: ServiceDefinition, requestId: string): HttpResponse;
  encodeError(error: AwsError, service: ServiceDefinition, requestId: string): HttpResponse;
}

const LARGEST_BODY = 16 * 1024 ** 2;

/** The body of a request; clients compress large ones where an action's model allows it (PutMetricData). */
export async function bodyOf(request: HttpRequest): Promise<Buffer> {
  const bytes = await request.bytes();
  if (request.headers['content-encoding'] !== 'gzip') return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: LARGEST_BODY });
  } catch (cause) {
    throw new AwsError('SerializationException', `The request body is not gzip: ${(cause as Error).message}`);
  }
}
