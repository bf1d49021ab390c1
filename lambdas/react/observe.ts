import type { WindowItem } from '../../domain/monitor/window.ts';
import { retrainKey } from '../../domain/names.ts';
import type { RegistryFacts, RetrainProgress } from '../../domain/react/event.ts';
import type { ReactionState } from '../../domain/react/state.ts';
import type { Head, Upload } from '../../domain/registry-items.ts';
import type { Registry } from '../shared/registry.ts';

/** What the registry says now. */
export async function observe(registry: Registry, state: ReactionState, head: Head): Promise<RegistryFacts> {
  const flying = state.retrains.find(({ status }) => status === 'IN_FLIGHT');
  const [slot, champion, retrain] = await Promise.all([
    registry.slot(),
    head.champion === null ? null : registry.version(head.champion),
    flying ? progressOf(registry, flying.id, head) : null,
  ]);
  return {
    champion: head.champion,
    previousChampion: head.previousChampion,
    championData: champion?.lineage.dataset.uploadedAt ?? null,
    rollout: head.rollout !== null,
    training: slot.running !== null || slot.pending !== null,
    retrain,
  };
}

/** The newest window that was judged; null while there is none. */
export async function lastWindow(registry: Registry): Promise<WindowItem | null> {
  const windows = await registry.windows(RECENT_WINDOWS);
  return windows.find(({ status }) => JUDGED.has(status)) ?? null;
}

/** Beyond one that is being looked at and some that failed. */
const RECENT_WINDOWS = 6;

const JUDGED: ReadonlySet<WindowItem['status']> = new Set([
  'EMPTY',
  'STOPPED',
  'INSUFFICIENT',
  'OK',
  'SUSPECT',
  'DRIFT',
  'LOSS',
]);

export const isJudged = ({ status }: WindowItem) => JUDGED.has(status);

async function progressOf(registry: Registry, id: string, head: Head): Promise<RetrainProgress> {
  const uploads = (await registry.uploads()).filter(({ model, key }) => key === retrainKey(model, id));
  const [upload] = uploads.sort((a, b) => (a.receivedAt < b.receivedAt ? 1 : -1));
  if (!upload) return { id, status: 'UNSEEN', version: null, why: null };
  if (upload.status === 'PENDING' || upload.status === 'RUNNING') {
    return { id, status: 'RUNNING', version: null, why: null };
  }
  if (upload.status === 'DUPLICATE') return { id, status: 'REPEATED', version: null, why: reasonOf(upload) };
  const run = upload.runId === null ? null : await registry.run(upload.runId);
  const version = run?.version ? await registry.version(run.version) : null;
  if (upload.status !== 'REGISTERED' || !version) {
    return { id, status: 'NOT_PROMOTED', version: version?.version ?? null, why: reasonOf(upload) };
  }
  const known = { id, version: version.version };
  if (version.stage === 'CHAMPION' || version.stage === 'RETIRED') return { ...known, status: 'PROMOTED', why: null };
  const waits = version.stage === 'AWAITING_APPROVAL' || head.rollout?.version === version.version;
  if (waits) return { ...known, status: 'WAITING', why: null };
  const why = version.stage === 'REJECTED' ? 'it lost its rollout' : 'it is registered, and was not rolled out';
  return { ...known, status: 'NOT_PROMOTED', why };
}

function reasonOf({ status, reasons }: Upload): string {
  const [reason] = reasons;
  return `${status.toLowerCase()}${reason ? `: ${reason}` : ''}`.slice(0, 300);
}
