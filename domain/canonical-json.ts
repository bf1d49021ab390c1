import { createHash } from 'node:crypto';

/**
 * One text for one value, whatever order its keys were written in: what hashes are taken of.
 *
 * The rules are those of RFC 8785 (JSON Canonicalization Scheme): no white space, object keys sorted by UTF-16 code
 * units, numbers and strings as ECMAScript serializes them. Keys whose value is `undefined` are left out, as in JSON.
 * Values that JSON cannot hold (NaN, functions, lone surrogates) are refused instead of becoming `null`.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') return canonicalNumber(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') return canonicalObject(value as Record<string, unknown>);
  throw new TypeError(`Cannot put a ${typeof value} into canonical JSON`);
}

/** SHA-256 of the canonical JSON of a value, as 64 hex digits. */
export function canonicalSha256(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** SHA-256 of text (as UTF-8) or bytes, as 64 hex digits. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function canonicalObject(object: Record<string, unknown>): string {
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${canonicalString(key)}:${canonicalJson(object[key])}`);
  return `{${members.join(',')}}`;
}

function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`Cannot put ${value} into canonical JSON`);
  return JSON.stringify(value);
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('Cannot put a lone surrogate into canonical JSON');
  return JSON.stringify(value);
}
