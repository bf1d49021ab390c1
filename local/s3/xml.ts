import { XMLParser } from 'fast-xml-parser';
import { escapeXml } from '../kernel/protocol/query.ts';
import { S3Error } from './errors.ts';

/** What an element may hold. Arrays are repeated elements, as S3 writes all of its lists. */
export type XmlContent =
  | string
  | number
  | boolean
  | Date
  | undefined
  | readonly XmlContent[]
  | { readonly [name: string]: XmlContent };

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function renderXml(root: string, content: XmlContent): string {
  const body = content === undefined ? '' : inner(content);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${NAMESPACE}">${body}</${root}>`;
}

/** An error document; S3 gives it no namespace. */
export function renderError(content: XmlContent): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${inner(content)}</Error>`;
}

/** An element that was read: text, or children by name; a list wherever a name was repeated. */
export type XmlNode = string | XmlNode[] | { readonly [name: string]: XmlNode };

const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false, trimValues: false, htmlEntities: true });

/** Reads a request document and returns what is inside its root element; MalformedXML for anything else. */
export function parseXml(text: string, root: string): Record<string, XmlNode> {
  let parsed: unknown;
  try {
    parsed = parser.parse(text, true);
  } catch {
    throw new S3Error('MalformedXML');
  }
  const node = (parsed as Record<string, XmlNode>)[root];
  if (node === undefined) throw new S3Error('MalformedXML');
  return typeof node === 'string' || Array.isArray(node) ? {} : node;
}

/** The children of that name, however often it was written. */
export function elements(parent: XmlNode | undefined, name: string): XmlNode[] {
  const found = child(parent, name);
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found];
}

/** The text of the first child of that name. */
export function text(parent: XmlNode | undefined, name: string): string | undefined {
  const found = elements(parent, name)[0];
  return typeof found === 'string' ? found : undefined;
}

export function child(parent: XmlNode | undefined, name: string): XmlNode | undefined {
  if (typeof parent !== 'object' || Array.isArray(parent)) return undefined;
  return parent[name];
}

function inner(content: XmlContent): string {
  if (content === undefined) return '';
  if (content instanceof Date) return content.toISOString();
  if (typeof content !== 'object') return escapeXml(String(content));
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: XmlContent): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: XmlContent) => element(name, item)).join('');
  return `<${name}>${inner(value)}</${name}>`;
}
