import type { ActResult } from '../../domain/react/reaction.ts';
import { rollBack } from '../../domain/registry.ts';
import { onConflictRetry } from '../shared/registry.ts';
import { alignAlias, type EndPorts } from './end.ts';

/**
 * Puts the previous champion back because the one that serves does harm: one transaction, one change of the alias. Only
 * while things are as they were decided on; whoever promoted another version since knows better. May be repeated.
 */
export async function putBack(
  request: { from: number; to: number; by: string; why: string },
  ports: EndPorts,
): Promise<ActResult> {
  const result = await onConflictRetry(() => write(request, ports));
  if (result.status === 'DONE') await alignAlias(ports, { always: true });
  return result;
}

async function write(
  { from, to, by, why }: { from: number; to: number; by: string; why: string },
  { registry, now }: EndPorts,
): Promise<ActResult> {
  const head = await registry.head();
  if (head.champion === to) return { status: 'DONE', why: `version ${to} serves`, key: null };
  if (head.champion !== from) return refused(`version ${head.champion ?? 'none'} serves, no longer ${from}`);
  if (head.rollout) return refused(`version ${head.rollout.version} is being rolled out`);
  const [champion, previous] = await Promise.all([registry.version(from), registry.version(to)]);
  if (!champion || !previous?.functionVersion) return refused(`version ${to} never served`);
  const transition = rollBack(head, { champion, previous }, { who: by, why, time: now() });
  if (!transition.ok) return refused(transition.message);
  await registry.write({ transition });
  return { status: 'DONE', why: `version ${to} serves instead of ${from}`, key: null };
}

const refused = (why: string): ActResult => ({ status: 'REFUSED', why, key: null });
