import { AwsError } from '../errors.ts';
import type { Document } from '../service.ts';
import { bodyOf, type WireProtocol } from './wire.ts';

/**
 * awsJson1_0 and awsJson1_1: `X-Amz-Target: <prefix>.<Action>`, JSON both ways, timestamps as epoch seconds.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
export const jsonProtocol: WireProtocol = {
  matches: (request, service) => service.target !== undefined && request.headers['x-amz-target'] !== undefined,

  async decode(request, service) {
    const target = request.headers['x-amz-target'] ?? '';
    const [prefix, action] = [target.slice(0, target.lastIndexOf('.')), target.slice(target.lastIndexOf('.') + 1)];
    if (prefix !== service.target || action === '') {
      throw new AwsError('UnknownOperationException', `Unknown target ${JSON.stringify(target)} for ${service.name}`);
    }
    const text = (await bodyOf(request)).toString('utf8');
    return { action, input: parse(text) };
  },

  encode: (_action, output, service, requestId) => ({
    status: 200,
    headers: {
      'content-type': `application/x-amz-json-${service.jsonVersion ?? '1.0'}`,
      'x-amzn-requestid': requestId,
    },
    body: JSON.stringify(output, replacer),
  }),

  encodeError: (error, service, requestId) => ({
    status: error.status,
    headers: {
      'content-type': `application/x-amz-json-${service.jsonVersion ?? '1.0'}`,
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': error.code,
      ...(error.queryCode
        ? { 'x-amzn-query-error': `${error.queryCode};${error.status < 500 ? 'Sender' : 'Receiver'}` }
        : {}),
    },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.details }, replacer),
  }),
};

function parse(text: string): Document {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Document;
  } catch (cause) {
    throw new AwsError('SerializationException', `The request body is not JSON: ${(cause as Error).message}`);
  }
  throw new AwsError('SerializationException', 'The request body is not a JSON object');
}

/** Dates as epoch seconds, bytes as base64, maps as objects; `this[key]` because JSON.stringify has called toJSON on `value` already. */
function replacer(this: Document, key: string, value: unknown): unknown {
  const raw = this[key];
  if (raw instanceof Date) return raw.getTime() / 1000;
  if (raw instanceof Map) return Object.fromEntries(raw);
  if (raw instanceof Uint8Array) return Buffer.from(raw).toString('base64');
  return value;
}
