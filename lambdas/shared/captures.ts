import { capturePartition, capturesPrefix, paddedVersion } from '../../domain/names.ts';
import type { ListedObject, ObjectListing } from './object-listing.ts';

/** An object of captures: all its lines are of one version and, but for those at the edge, of one hour. */
export interface CaptureObject extends ListedObject {
  readonly version: number;
  /** `2026-11-23T10`, UTC. */
  readonly hour: string;
}

export interface CaptureRange {
  readonly bucket: string;
  readonly model: string;
  /** Only of this version; of all without it. */
  readonly version?: number;
  /** First and last hour, both included: `2026-11-23T10`, or any time of that hour. */
  readonly hours: { readonly from: string; readonly to: string };
}

/** The objects that hold captures of some hours, by version and time; asks S3 for no others. */
export async function listCaptures(listing: ObjectListing, range: CaptureRange): Promise<CaptureObject[]> {
  const { bucket, model } = range;
  const [from, to] = [hourOf(range.hours.from), hourOf(range.hours.to)];
  const folders =
    range.version === undefined
      ? await listing.folders({ bucket, prefix: capturesPrefix(model) })
      : [`${capturesPrefix(model)}version=${paddedVersion(range.version)}/`];
  const found: CaptureObject[] = [];
  for (const prefix of folders) {
    const version = Number(VERSION.exec(prefix)?.[1]);
    if (!Number.isInteger(version)) continue;
    // `hour=…` sorts by time, and everything of an hour sorts after its folder.
    const after = capturePartition(model, version, from);
    for await (const object of listing.objects({ bucket, prefix, after })) {
      const hour = HOUR.exec(object.key)?.[1];
      if (hour === undefined || hour < from) continue;
      if (hour > to) break;
      found.push({ ...object, version, hour });
    }
  }
  return found;
}

const VERSION = /version=(\d{6,})\/$/;
const HOUR = /\/hour=(\d{4}-\d\d-\d\dT\d\d)\//;

const hourOf = (time: string) => time.slice(0, 13);
