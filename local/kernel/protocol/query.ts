import { AwsError } from '../errors.ts';
import type { Document, ServiceDefinition } from '../service.ts';
import { bodyOf, type WireProtocol } from './wire.ts';

/**
 * The query protocol: form parameters in, XML out. Every scalar arrives as text, so operations convert what they need.
 * Lists are `Name.member.1` (or a renamed member, or flattened), maps `Name.entry.1.key`.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export const queryProtocol: WireProtocol = {
  matches: (request, service) =>
    service.queryNamespace !== undefined &&
    (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded'),

  async decode(request) {
    const parameters = new URLSearchParams((await bodyOf(request)).toString('utf8'));
    const action = parameters.get('Action');
    if (!action) throw new AwsError('MissingAction', 'The request does not contain the parameter Action');
    const tree: Tree = {};
    for (const [name, value] of parameters) {
      if (name !== 'Action' && name !== 'Version') insert(tree, name.split('.'), value);
    }
    return { action, input: fold(tree) as Document };
  },

  encode: (action, output, service, requestId) => ({
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body:
      `<${action}Response xmlns="${service.queryNamespace}"><${action}Result>${members(output)}</${action}Result>` +
      `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`,
  }),

  encodeError: (error, service: ServiceDefinition, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body:
      `<ErrorResponse xmlns="${service.queryNamespace}"><Error><Type>${error.status < 500 ? 'Sender' : 'Receiver'}</Type>` +
      `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message></Error>` +
      `<RequestId>${requestId}</RequestId></ErrorResponse>`,
  }),
};

interface Tree {
  [key: string]: string | Tree;
}

function insert(tree: Tree, path: string[], value: string): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const known = tree[head];
  const child: Tree = typeof known === 'object' ? known : {};
  tree[head] = child;
  insert(child, rest, value);
}

function fold(value: string | Tree): unknown {
  if (typeof value === 'string') return value;
  const keys = Object.keys(value);
  const only = keys.length === 1 ? value[keys[0] ?? ''] : undefined;
  if (keys.length > 0 && keys.every((key) => /^\d+$/.test(key))) {
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => fold(value[key] as string | Tree));
  }
  if (typeof only === 'object' && (keys[0] === 'member' || keys[0] === 'entry')) return pairs(fold(only));
  return Object.fromEntries(keys.map((key) => [key, fold(value[key] as string | Tree)]));
}

/** A list whose every element is `{ key | Name, value | Value }` under `entry` is a map. */
function pairs(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  const isMap =
    list.length > 0 &&
    list.every((item) => typeof item === 'object' && item !== null && 'key' in item && 'value' in item);
  return isMap ? Object.fromEntries(list.map((item: { key: string; value: unknown }) => [item.key, item.value])) : list;
}

function members(document: Document): string {
  return Object.entries(document)
    .map(([name, value]) => element(name, value))
    .join('');
}

/** Maps are given as `Map` instances, everything else that is a plain object is a structure. */
function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return `<${name}>${value.map((item) => element('member', item)).join('')}</${name}>`;
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => `<entry>${element('key', key)}${element('value', item)}</entry>`);
    return `<${name}>${entries.join('')}</${name}>`;
  }
  if (value instanceof Date) return `<${name}>${value.toISOString()}</${name}>`;
  if (value instanceof Uint8Array) return `<${name}>${Buffer.from(value).toString('base64')}</${name}>`;
  if (typeof value === 'object') return `<${name}>${members(value as Document)}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
}

const XML_ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (character) => XML_ESCAPES[character] ?? character);
}
