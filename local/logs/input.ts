import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';

/** A group's name, from a name or from the ARN of `logGroupIdentifier`. */
export function groupName({ logGroupName, logGroupIdentifier }: Document): string {
  const given = String(logGroupName ?? logGroupIdentifier);
  return /:log-group:([^:]+)/.exec(given)?.[1] ?? given;
}

/** Refuses a parameter that would be ignored. */
export function onlyKnown(action: string, input: Document, known: readonly string[]): void {
  const other = Object.keys(input).find((name) => input[name] !== undefined && !known.includes(name));
  if (other) throw new Unsupported(`the parameter ${other} of logs:${action}`);
}
