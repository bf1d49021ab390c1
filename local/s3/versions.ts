import { randomBytes } from 'node:crypto';
import { S3Error } from './errors.ts';
import type { CreatedReason } from './events.ts';
import type { S3 } from './request.ts';
import type { ObjectVersion } from './state.ts';

/** What a version is made of before it has its place among the others. */
export type NewVersion = Omit<ObjectVersion, 'versionId' | 'lastModified' | 'sequencer'>;

/** Where a version is. */
export interface Place {
  readonly bucket: string;
  readonly key: string;
}

/** Puts a version in front of the others, as the bucket's versioning wants it, and tells about it. One synchronous step. */
export function commitVersion(
  s3: S3,
  place: Place,
  version: NewVersion,
  options: { reason: CreatedReason; requestId: string },
): ObjectVersion {
  const committed = pushVersion(s3, place, version);
  s3.events.created({ ...place, ...committed }, options.reason, options.requestId);
  return committed;
}

/** Removes the current version: by a delete marker in front of it, or for good where versioning was never enabled. */
export function deleteCurrent(
  s3: S3,
  place: Place,
  options: { requestId: string; reason: string },
): ObjectVersion | undefined {
  s3.state.noteDeletion(place.bucket, place.key);
  const sequencer = s3.events.nextSequencer();
  if (s3.state.bucket(place.bucket).versioning === undefined) {
    const [current] = s3.state.versions(place.bucket, place.key);
    s3.state.setVersions(place.bucket, place.key, []);
    if (current) s3.bodies.discard(current.segments);
    s3.events.deleted({ ...place, etag: current?.etag, sequencer }, { ...options, marker: false });
    return undefined;
  }
  const marker = pushVersion(s3, place, {
    deleteMarker: true,
    size: 0,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    segments: [],
    headers: {},
    encryption: { algorithm: 'AES256' },
  });
  s3.events.deleted(
    { ...place, versionId: marker.versionId, etag: marker.etag, sequencer: marker.sequencer },
    { ...options, marker: true },
  );
  return marker;
}

/** Removes one version for good; nothing when there is none of that id. */
export function deleteVersion(
  s3: S3,
  place: Place,
  options: { versionId: string; requestId: string; reason: string },
): ObjectVersion | undefined {
  checkVersionId(options.versionId);
  const versions = s3.state.versions(place.bucket, place.key);
  const version = versions.find((candidate) => candidate.versionId === options.versionId);
  if (!version) return undefined;
  s3.state.noteDeletion(place.bucket, place.key);
  s3.state.setVersions(
    place.bucket,
    place.key,
    versions.filter((other) => other !== version),
  );
  s3.bodies.discard(version.segments);
  s3.events.deleted(
    { ...place, versionId: version.versionId, etag: version.etag, sequencer: s3.events.nextSequencer() },
    { ...options, marker: false },
  );
  return version;
}

/** Changes what is recorded about a version that exists, its tags for example. */
export function changeVersion(s3: S3, place: Place, versionId: string, change: Partial<ObjectVersion>): void {
  const versions = s3.state.versions(place.bucket, place.key);
  s3.state.setVersions(
    place.bucket,
    place.key,
    versions.map((version) => (version.versionId === versionId ? { ...version, ...change } : version)),
  );
}

/** The version that is meant: the current one, or that of `versionId`. Delete markers are errors, as a reader sees them. */
export function findVersion(s3: S3, place: Place, versionId: string | null | undefined): ObjectVersion {
  const versions = s3.state.versions(place.bucket, place.key);
  const versioning = s3.state.bucket(place.bucket).versioning;
  if (!versionId) {
    const [current] = versions;
    if (!current) throw new S3Error('NoSuchKey', { details: { Key: place.key } });
    if (current.deleteMarker) {
      const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': current.versionId };
      throw new S3Error('NoSuchKey', { details: { Key: place.key }, headers });
    }
    return current;
  }
  checkVersionId(versionId);
  const version = versions.find((candidate) => candidate.versionId === versionId);
  if (!version) throw new S3Error('NoSuchVersion', { details: { Key: place.key, VersionId: versionId } });
  if (version.deleteMarker) {
    throw new S3Error('MethodNotAllowed', {
      details: { Method: 'GET', ResourceType: 'DeleteMarker' },
      headers: {
        allow: 'DELETE',
        'x-amz-delete-marker': 'true',
        'last-modified': new Date(version.lastModified).toUTCString(),
        ...(versioning ? { 'x-amz-version-id': versionId } : {}),
      },
    });
  }
  return version;
}

/** `x-amz-version-id`, which only buckets give that know of versioning. */
export function versionHeader(s3: S3, bucket: string, version: ObjectVersion | undefined): Record<string, string> {
  return version && s3.state.bucket(bucket).versioning ? { 'x-amz-version-id': version.versionId } : {};
}

function pushVersion(s3: S3, place: Place, version: NewVersion): ObjectVersion {
  const versions = s3.state.versions(place.bucket, place.key);
  const enabled = s3.state.bucket(place.bucket).versioning === 'Enabled';
  const committed: ObjectVersion = {
    ...version,
    versionId: enabled ? randomBytes(24).toString('base64url').replaceAll('-', '.') : 'null',
    lastModified: s3.context.clock.now(),
    sequencer: s3.events.nextSequencer(),
  };
  const kept = enabled ? versions : versions.filter(({ versionId }) => versionId !== 'null');
  s3.state.setVersions(place.bucket, place.key, [committed, ...kept]);
  for (const old of versions) if (!kept.includes(old)) s3.bodies.discard(old.segments);
  return committed;
}

function checkVersionId(versionId: string): void {
  if (versionId !== 'null' && !/^[\w.]{32}$/.test(versionId)) {
    throw new S3Error('InvalidArgument', {
      message: 'Invalid version id specified',
      details: { ArgumentName: 'versionId', ArgumentValue: versionId },
    });
  }
}
