export interface Page<T> {
  readonly items: readonly T[];
  /** What to ask for next; nothing after the last page. */
  readonly next: string | undefined;
}

/** One page of a list that is made anew for every request; the token is the position. */
export function pageOf<T>(list: readonly T[], { token, limit }: { token: unknown; limit: number }): Page<T> {
  const start = token === undefined || token === '' ? 0 : Number(token);
  const end = start + limit;
  return { items: list.slice(start, end), next: end < list.length ? String(end) : undefined };
}
