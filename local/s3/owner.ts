import { createHash } from 'node:crypto';

/** The canonical user of an account, as lists and ACLs show it. */
export function owner(account: string): { ID: string; DisplayName: string } {
  return { ID: createHash('sha256').update(account).digest('hex'), DisplayName: account };
}
