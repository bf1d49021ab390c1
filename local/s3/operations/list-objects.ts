import { bucketAccess } from '../access.ts';
import { invalidArgument } from '../errors.ts';
import { commonPrefixes, encodeKey, integer, listPage, type Page } from '../listing.ts';
import { owner } from '../owner.ts';
import type { S3, S3Operation, S3Request } from '../request.ts';
import type { ObjectVersion } from '../state.ts';
import type { XmlContent } from '../xml.ts';

interface Listed {
  readonly key: string;
  readonly version: ObjectVersion;
}

export const listObjectsV2: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:ListBucket'),

  handle(s3, request) {
    const { query } = request;
    const token = query.get('continuation-token');
    const startAfter = query.get('start-after') ?? '';
    const maxKeys = integer(request, 'max-keys', 1000);
    const page = currentObjects(s3, request, token === null ? startAfter : readToken(token), maxKeys);
    const showOwner = query.get('fetch-owner') === 'true';
    return {
      document: {
        root: 'ListBucketResult',
        content: {
          Name: request.bucket,
          Prefix: encodeKey(request, query.get('prefix') ?? ''),
          StartAfter: startAfter === '' ? undefined : encodeKey(request, startAfter),
          ContinuationToken: token ?? undefined,
          NextContinuationToken: page.truncated ? writeToken(page.last) : undefined,
          KeyCount: page.entries.length + page.prefixes.length,
          MaxKeys: maxKeys,
          Delimiter: delimiter(request),
          EncodingType: query.get('encoding-type') ?? undefined,
          IsTruncated: page.truncated,
          Contents: page.entries.map((entry) => contents(s3, request, entry, showOwner)),
          CommonPrefixes: commonPrefixes(request, page),
        },
      },
    };
  },
};

/** The first version of the API, which names the next marker only where a delimiter is in use. */
export const listObjects: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:ListBucket'),

  handle(s3, request) {
    const { query } = request;
    const marker = query.get('marker') ?? '';
    const maxKeys = integer(request, 'max-keys', 1000);
    const page = currentObjects(s3, request, marker, maxKeys);
    return {
      document: {
        root: 'ListBucketResult',
        content: {
          Name: request.bucket,
          Prefix: encodeKey(request, query.get('prefix') ?? ''),
          Marker: encodeKey(request, marker),
          NextMarker: page.truncated && delimiter(request) ? encodeKey(request, page.last) : undefined,
          MaxKeys: maxKeys,
          Delimiter: delimiter(request),
          EncodingType: query.get('encoding-type') ?? undefined,
          IsTruncated: page.truncated,
          Contents: page.entries.map((entry) => contents(s3, request, entry, true)),
          CommonPrefixes: commonPrefixes(request, page),
        },
      },
    };
  },
};

function currentObjects(s3: S3, request: S3Request, from: string, limit: number): Page<Listed> {
  return listPage(s3.state.keys(request.bucket), {
    prefix: request.query.get('prefix') ?? '',
    delimiter: request.query.get('delimiter') ?? '',
    from,
    limit,
    entries: (key) => {
      const [version] = s3.state.versions(request.bucket, key);
      return version && !version.deleteMarker ? [{ key, version }] : [];
    },
  });
}

function contents(s3: S3, request: S3Request, { key, version }: Listed, showOwner: boolean): XmlContent {
  return {
    Key: encodeKey(request, key),
    LastModified: new Date(version.lastModified),
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: version.checksum?.algorithm,
    ChecksumType: version.checksum?.type,
    Size: version.size,
    Owner: showOwner ? owner(s3.context.account) : undefined,
    StorageClass: version.storageClass ?? 'STANDARD',
  };
}

function delimiter(request: S3Request): string | undefined {
  return request.query.get('delimiter') || undefined;
}

function writeToken(last: string): string {
  return Buffer.from(`1${last}`, 'utf8').toString('base64');
}

function readToken(token: string): string {
  const last = Buffer.from(token, 'base64').toString('utf8');
  if (!last.startsWith('1')) {
    throw invalidArgument('continuation-token', token, 'The continuation token provided is incorrect');
  }
  return last.slice(1);
}
