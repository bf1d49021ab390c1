import type { Document } from '../../kernel/service.ts';
import { invalid } from '../intrinsics.ts';

/** CloudFormation's own page size for most lists. */
const PAGE = 100;

/** One page of a list; the token is the place where the next one begins. */
export function page<T>(items: readonly T[], input: Document): { items: T[]; next: string | undefined } {
  const token = input.NextToken;
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from) || from < 0) throw invalid(`Invalid NextToken: ${token}`);
  const to = from + PAGE;
  return { items: items.slice(from, to), next: to < items.length ? String(to) : undefined };
}
