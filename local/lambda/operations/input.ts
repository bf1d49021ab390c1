import type { Document } from '../../kernel/service.ts';

export const textOf = (value: unknown): string | undefined =>
  value === undefined || value === null ? undefined : String(value);

/** One page of a list, after `Marker`, which is a position. */
export function page<T>(all: readonly T[], input: Document): { items: readonly T[]; NextMarker?: string } {
  const start = Number(input.Marker ?? 0);
  const size = Math.min(Number(input.MaxItems ?? 50), 10_000);
  const items = all.slice(start, start + size);
  return start + size < all.length ? { items, NextMarker: String(start + size) } : { items };
}
