import { decode, encode, Token, Type } from 'cborg';
import { AwsError } from '../errors.ts';
import type { Document } from '../service.ts';
import { bodyOf, type WireProtocol } from './wire.ts';

/**
 * rpcv2Cbor: `POST /service/<service>/operation/<Action>`, CBOR both ways, timestamps as tag 1.
 * https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 */
export const cborProtocol: WireProtocol = {
  matches: (request, service) => service.target !== undefined && request.headers['smithy-protocol'] === 'rpc-v2-cbor',

  async decode(request) {
    const action = /\/operation\/(\w+)$/.exec(request.rawPath)?.[1];
    if (!action) throw new AwsError('UnknownOperationException', `No operation in the path ${request.rawPath}`);
    const bytes = await bodyOf(request);
    const tags: Record<number, (inner: () => unknown) => unknown> = {};
    tags[1] = (inner) => new Date(Number(inner()) * 1000);
    return { action, input: bytes.length === 0 ? {} : (decode(bytes, { tags, allowUndefined: true }) as Document) };
  },

  encode: (_action, output, _service, requestId) => ({
    status: 200,
    headers: headers(requestId),
    body: bytesOf(output),
  }),

  encodeError: (error, _service, requestId) => ({
    status: error.status,
    headers: { ...headers(requestId), 'x-amzn-errortype': error.code },
    body: bytesOf({ __type: error.code, message: error.message, ...error.details }),
  }),
};

const headers = (requestId: string) => ({
  'content-type': 'application/cbor',
  'smithy-protocol': 'rpc-v2-cbor',
  'x-amzn-requestid': requestId,
});

function bytesOf(document: Document): Uint8Array {
  return encode(document, {
    ignoreUndefinedProperties: true,
    typeEncoders: {
      Date: (date: Date) => [new Token(Type.tag, 1), new Token(Type.float, date.getTime() / 1000)],
    },
  });
}
