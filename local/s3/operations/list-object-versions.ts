import { bucketAccess } from '../access.ts';
import { invalidArgument } from '../errors.ts';
import { commonPrefixes, encodeKey, integer, listPage } from '../listing.ts';
import { owner } from '../owner.ts';
import type { S3Operation } from '../request.ts';
import type { ObjectVersion } from '../state.ts';

export const listObjectVersions: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:ListBucketVersions'),

  handle(s3, request) {
    const { query } = request;
    const keyMarker = query.get('key-marker') ?? '';
    const versionMarker = query.get('version-id-marker') ?? '';
    if (versionMarker !== '' && keyMarker === '') {
      throw invalidArgument(
        'version-id-marker',
        versionMarker,
        'A version-id marker cannot be specified without a key marker.',
      );
    }
    const maxKeys = integer(request, 'max-keys', 1000);
    const page = listPage(s3.state.keys(request.bucket), {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      from: keyMarker,
      fromIncluded: versionMarker !== '',
      limit: maxKeys,
      entries: (key) => {
        const all = s3.state
          .versions(request.bucket, key)
          .map((version, index) => ({ key, version, isLatest: index === 0 }));
        if (key !== keyMarker) return all;
        return all.slice(all.findIndex(({ version }) => version.versionId === versionMarker) + 1);
      },
    });
    const show = ({ key, version, isLatest }: { key: string; version: ObjectVersion; isLatest: boolean }) => ({
      Key: encodeKey(request, key),
      VersionId: version.versionId,
      IsLatest: isLatest,
      LastModified: new Date(version.lastModified),
      Owner: owner(s3.context.account),
    });
    return {
      document: {
        root: 'ListVersionsResult',
        content: {
          Name: request.bucket,
          Prefix: encodeKey(request, query.get('prefix') ?? ''),
          KeyMarker: encodeKey(request, keyMarker),
          VersionIdMarker: versionMarker,
          NextKeyMarker: page.truncated ? encodeKey(request, page.last) : undefined,
          NextVersionIdMarker: page.truncated ? page.entries.at(-1)?.version.versionId : undefined,
          MaxKeys: maxKeys,
          Delimiter: query.get('delimiter') || undefined,
          EncodingType: query.get('encoding-type') ?? undefined,
          IsTruncated: page.truncated,
          Version: page.entries
            .filter(({ version }) => !version.deleteMarker)
            .map((entry) => ({
              ...show(entry),
              ETag: `"${entry.version.etag}"`,
              ChecksumAlgorithm: entry.version.checksum?.algorithm,
              ChecksumType: entry.version.checksum?.type,
              Size: entry.version.size,
              StorageClass: entry.version.storageClass ?? 'STANDARD',
            })),
          DeleteMarker: page.entries.filter(({ version }) => version.deleteMarker).map(show),
          CommonPrefixes: commonPrefixes(request, page),
        },
      },
    };
  },
};
