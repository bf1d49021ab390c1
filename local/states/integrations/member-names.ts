import type { Json, JsonObject } from '../json.ts';

export const upperFirst = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
export const lowerFirst = (name: string) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`;

/** A copy with other member names all the way down; dates become what `time` makes of them, bytes become text. */
export function renameMembers(value: unknown, rename: (name: string) => string, time: (date: Date) => Json): Json {
  if (value instanceof Date) return time(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Array.isArray(value)) return value.map((member) => renameMembers(member, rename, time));
  if (typeof value !== 'object' || value === null) return (value ?? null) as Json;
  const renamed: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) renamed[rename(name)] = renameMembers(member, rename, time);
  }
  return renamed;
}
