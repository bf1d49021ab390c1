import { createHash } from 'node:crypto';
import type { AccessRequest } from '../../iam/principal.ts';
import { missing, objectAccess, versioned } from '../access.ts';
import { encryptionHeaders, readAttributes, readEncryption } from '../attributes.ts';
import type { Segment } from '../bodies.ts';
import { type Checksum, checksumAlgorithm, checksumElement, newDigest } from '../checksums.ts';
import { invalidArgument, S3Error } from '../errors.ts';
import { encryptionAccess } from '../key-access.ts';
import { checkRead, writeCondition } from '../preconditions.ts';
import type { S3, S3Operation, S3Request } from '../request.ts';
import type { Attributes, ObjectVersion } from '../state.ts';
import { commitVersion, findVersion, versionHeader } from '../versions.ts';

const LARGEST_COPY = 5 * 1024 ** 3;

/** Headers of which at least one must differ when an object is copied onto itself. */
const CHANGES = ['x-amz-storage-class', 'x-amz-server-side-encryption'];

export const copyObject: S3Operation = {
  access(s3, request) {
    const encryption = readEncryption(request, s3.state.bucket(request.bucket));
    const source = copySource(request);
    const [tags] = taggingOf(s3, request, source);
    const actions = ['s3:PutObject', ...(tags ? ['s3:PutObjectTagging'] : [])];
    return [
      ...sourceAccess(s3, request),
      ...objectAccess(s3, request, actions),
      ...encryptionAccess(s3, request, encryption, 'write'),
    ];
  },

  async handle(s3, request) {
    const source = copySource(request);
    const version = readSource(s3, request, source);
    checkSelfCopy(request, source);
    if (version.size > LARGEST_COPY) {
      throw new S3Error('InvalidRequest', {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${LARGEST_COPY}`,
      });
    }
    const check = writeCondition(s3, request);
    check?.(false);
    const copied = await copyBody(s3, request, version);
    const committed = s3.bodies.adopt(copied.segments, () => {
      check?.(false);
      const attributes = copiedAttributes(s3, request, source, version);
      const written = { ...attributes, size: version.size, ...copied };
      return commitVersion(s3, request, written, { reason: 'CopyObject', requestId: request.call.requestId });
    });
    return {
      headers: {
        ...versionHeader(s3, request.bucket, committed),
        ...encryptionHeaders(committed.encryption),
        'x-amz-copy-source-version-id': s3.state.bucket(source.bucket).versioning ? version.versionId : undefined,
      },
      document: {
        root: 'CopyObjectResult',
        content: {
          ETag: `"${committed.etag}"`,
          LastModified: new Date(committed.lastModified),
          ...checksumElement(committed.checksum),
          ...(committed.checksum ? { ChecksumType: committed.checksum.type } : {}),
        },
      },
    };
  },
};

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** `[/]bucket/key[?versionId=…]`, the key URL-encoded. */
export function copySource(request: S3Request): CopySource {
  const header = request.headers['x-amz-copy-source'] ?? '';
  const cut = header.lastIndexOf('?versionId=');
  const path = (cut < 0 ? header : header.slice(0, cut)).replace(/^\//, '');
  const slash = path.indexOf('/');
  const invalid = () =>
    invalidArgument(
      'x-amz-copy-source',
      header,
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  if (slash < 1 || slash === path.length - 1) throw invalid();
  try {
    const versionId = cut < 0 ? undefined : header.slice(cut + '?versionId='.length);
    return { bucket: path.slice(0, slash), key: decodeURIComponent(path.slice(slash + 1)), versionId };
  } catch {
    throw invalid();
  }
}

export function sourceAccess(s3: S3, request: S3Request): AccessRequest[] {
  const source = copySource(request);
  const [, sourceTags] = taggingOf(s3, request, source);
  const actions = [
    versioned('s3:GetObject', source.versionId),
    ...(sourceTags ? [versioned('s3:GetObjectTagging', source.versionId)] : []),
  ];
  const version = s3.state
    .versions(source.bucket, source.key)
    .find(({ versionId }) => !source.versionId || versionId === source.versionId);
  return [
    ...objectAccess(s3, request, actions, source),
    ...(version ? encryptionAccess(s3, source, version.encryption, 'read') : []),
  ];
}

export function readSource(s3: S3, request: S3Request, source: CopySource): ObjectVersion {
  let version: ObjectVersion;
  try {
    version = findVersion(s3, source, source.versionId);
  } catch (error) {
    if (error instanceof S3Error && error.status === 404) throw missing(s3, request, source.bucket, error);
    if (error instanceof S3Error && error.status === 405) {
      throw new S3Error('InvalidRequest', {
        message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
      });
    }
    throw error;
  }
  if (checkRead(request.headers, version, 'x-amz-copy-source-') === 'not-modified') {
    throw new S3Error('PreconditionFailed', { details: { Condition: 'x-amz-copy-source-If-None-Match' } });
  }
  return version;
}

/** Whether the new object gets tags, and whether they are read from the source. */
function taggingOf(s3: S3, request: S3Request, source: CopySource): [tagged: boolean, fromSource: boolean] {
  if (request.headers['x-amz-tagging-directive'] === 'REPLACE')
    return [request.headers['x-amz-tagging'] !== undefined, false];
  const versions = s3.state.versions(source.bucket, source.key);
  const version = versions.find(({ versionId }) => !source.versionId || versionId === source.versionId);
  const tagged = (version?.tags?.length ?? 0) > 0;
  return [tagged, tagged];
}

function checkSelfCopy(request: S3Request, source: CopySource): void {
  const same = source.bucket === request.bucket && source.key === request.key && !source.versionId;
  const replaces = request.headers['x-amz-metadata-directive'] === 'REPLACE';
  if (same && !replaces && CHANGES.every((name) => request.headers[name] === undefined)) {
    throw new S3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
}

function copiedAttributes(s3: S3, request: S3Request, source: CopySource, version: ObjectVersion): Attributes {
  const own = readAttributes(request, s3.state.bucket(request.bucket));
  const [, tagsFromSource] = taggingOf(s3, request, source);
  const replaces = request.headers['x-amz-metadata-directive'] === 'REPLACE';
  return {
    headers: replaces ? own.headers : version.headers,
    storageClass: own.storageClass,
    encryption: own.encryption,
    tags: tagsFromSource ? version.tags : own.tags,
  };
}

/** A copy is one piece: the ETag of a multipart source is not that of its copy, so its bytes are read again. */
async function copyBody(
  s3: S3,
  request: S3Request,
  version: ObjectVersion,
): Promise<{ segments: Segment[]; etag: string; checksum?: Checksum }> {
  const asked = checksumAlgorithm('x-amz-checksum-algorithm', request.headers['x-amz-checksum-algorithm']);
  const algorithm = asked ?? version.checksum?.algorithm;
  const known = version.checksum?.type !== 'COMPOSITE' && version.checksum?.algorithm === algorithm;
  if (!version.etag.includes('-') && known) {
    return { segments: await s3.bodies.share(version.segments), etag: version.etag, checksum: version.checksum };
  }
  const md5 = createHash('md5');
  const digest = algorithm && newDigest(algorithm);
  const segment = await s3.bodies.receive(s3.bodies.read(version.segments), digest ? [md5, digest] : [md5]);
  const checksum: Checksum | undefined = algorithm &&
    digest && { algorithm, value: digest.digest().toString('base64'), type: 'FULL_OBJECT' };
  return { segments: [segment], etag: md5.digest('hex'), checksum };
}
