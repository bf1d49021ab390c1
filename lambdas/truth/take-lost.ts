import { truthPrefix } from '../../domain/names.ts';
import { uploadId } from '../../domain/slot.ts';
import { eventOf, type StoredUpload } from '../shared/stored-uploads.ts';
import { type TruthPorts, type TruthSettings, takeTruth } from './truth.ts';

export interface TakeLostPorts extends TruthPorts {
  /** Every object version below a prefix, without delete markers. */
  stored(prefix: string): AsyncIterable<StoredUpload>;
}

/** Events on their way are not lost yet. */
const GRACE_MS = 10 * 60_000;

/** Takes in late labels whose event never came, and tells outcomes that nobody was told of. */
export async function takeLost(
  account: string,
  ports: TakeLostPorts,
  settings: TruthSettings,
): Promise<{ taken: number }> {
  const recorded = new Map((await ports.registry.uploads()).map(({ id, announced }) => [id, announced]));
  const before = Date.parse(ports.now()) - GRACE_MS;
  let taken = 0;
  for await (const upload of ports.stored(truthPrefix(settings.config.name))) {
    const id = uploadId(upload.versionId);
    const finished = recorded.has(id) && recorded.get(id) !== false;
    // What was overwritten or removed before it was looked at, is not what its owner wants to be known.
    if (finished || !upload.latest || Date.parse(upload.modifiedAt) >= before) continue;
    const { action } = await takeTruth(eventOf(upload, { account, bucket: settings.dataBucket }), ports, settings);
    if (action !== 'ignored') taken += 1;
  }
  return { taken };
}
