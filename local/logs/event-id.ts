import { createHash } from 'node:crypto';

/**
 * Names the events of a stream: 56 digits that no other event of the group has. Clients that follow a group, and receivers of a
 * subscription, tell events apart by them.
 */
export function eventIds(stream: string): (timestamp: number, position: number) => string {
  const number = createHash('sha256').update(stream).digest().readBigUInt64BE() % 10n ** 20n;
  const middle = number.toString().padStart(20, '0');
  return (timestamp, position) =>
    `${String(timestamp).padStart(18, '0')}${middle}${String(position).padStart(18, '0')}`;
}
