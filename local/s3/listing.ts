import { invalidArgument } from './errors.ts';
import type { S3Request } from './request.ts';
import type { SortedKeys } from './sorted-keys.ts';
import { compareUtf8 } from './sorted-keys.ts';

const LARGEST_PAGE = 1000;

export interface PageOptions<T> {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  /** Keys and common prefixes up to this one were given before; empty for none. */
  readonly from: string;
  /** The key `from` itself may have more entries. @default false */
  readonly fromIncluded?: boolean;
  readonly limit: number;
  /** What is listed of a key; a key without entries is invisible. */
  entries(key: string): readonly T[];
}

export interface Page<T> {
  readonly entries: readonly T[];
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
  /** The last key or common prefix of the page. */
  readonly last: string;
}

/** One page of the keys of a bucket in order, with the keys behind a delimiter folded into common prefixes. */
export function listPage<T>(keys: SortedKeys, options: PageOptions<T>): Page<T> {
  const { prefix, delimiter, from, limit } = options;
  const entries: T[] = [];
  const prefixes: string[] = [];
  let last = '';
  const page = (truncated: boolean): Page<T> => ({ entries, prefixes, truncated, last });
  if (limit === 0) return page(false);

  let key = compareUtf8(from, prefix) > 0 ? keys.next(from, { after: !options.fromIncluded }) : keys.next(prefix);
  while (key?.startsWith(prefix)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (cut >= 0) {
      const common = key.slice(0, cut + delimiter.length);
      if (compareUtf8(common, from) > 0 && someListed(keys, key, common, options)) {
        if (entries.length + prefixes.length === limit) return page(true);
        prefixes.push(common);
        last = common;
      }
      key = keys.nextBeyond(common);
      continue;
    }
    for (const entry of options.entries(key)) {
      if (entries.length + prefixes.length === limit) return page(true);
      entries.push(entry);
      last = key;
    }
    key = keys.next(key, { after: true });
  }
  return page(false);
}

/** A common prefix is shown when at least one key behind it is. */
function someListed<T>(keys: SortedKeys, first: string, common: string, options: PageOptions<T>): boolean {
  for (let key: string | undefined = first; key?.startsWith(common); key = keys.next(key, { after: true })) {
    if (options.entries(key).length > 0) return true;
  }
  return false;
}

/** A count in the query: a number from 0, and never more than a page holds. */
export function integer(request: S3Request, name: string, byDefault: number): number {
  const given = request.query.get(name);
  if (given === null || given === '') return byDefault;
  if (!/^\d{1,10}$/.test(given)) {
    throw invalidArgument(name, given, `Provided ${name} not an integer or within integer range`);
  }
  return name.startsWith('max-') ? Math.min(Number(given), LARGEST_PAGE) : Number(given);
}

/** With `encoding-type=url` keys are written as a form would, so that XML can carry any of them. */
export function encodeKey(request: S3Request, key: string): string {
  const type = request.query.get('encoding-type');
  if (type === null) return key;
  if (type !== 'url') throw invalidArgument('encoding-type', type, 'Invalid Encoding Method specified in Request');
  return encodeURIComponent(key)
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
}

export function commonPrefixes(request: S3Request, page: Page<unknown>): { Prefix: string }[] {
  return page.prefixes.map((prefix) => ({ Prefix: encodeKey(request, prefix) }));
}
