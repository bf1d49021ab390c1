import { messageOf } from '../shared/failure-cause.ts';
import type { MonitorPorts } from './ports.ts';

/** Records that an execution could not close its window: the next one takes the window over, together with what is due then. */
export async function fail(
  { owner, failure }: { owner: string; failure: { Error?: string; Cause?: string } },
  { registry, now }: Pick<MonitorPorts, 'registry' | 'now'>,
): Promise<{ window: string | null }> {
  const [last] = await registry.windows(1);
  if (last?.owner !== owner || last.status !== 'RUNNING') return { window: null };
  const { Error: error = 'failed', Cause: cause = '' } = failure;
  const why = `${error}: ${messageOf(cause)}`.slice(0, 500);
  const revision = last.revision + 1;
  await registry.write({ window: { ...last, status: 'FAILED', failure: why, endedAt: now(), revision } });
  return { window: last.id };
}
