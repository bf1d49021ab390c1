import { objectAccess, versioned } from '../access.ts';
import { checksumElement } from '../checksums.ts';
import type { S3Operation } from '../request.ts';
import { versionHeader } from '../versions.ts';
import { readAccess, readVersion } from './get-object.ts';

export const getObjectAttributes: S3Operation = {
  access(s3, request) {
    const attributes = versioned('s3:GetObjectAttributes', request.query.get('versionId'));
    return [...readAccess(s3, request), ...objectAccess(s3, request, [attributes])];
  },

  handle(s3, request) {
    const version = readVersion(s3, request);
    const wanted = new Set((request.headers['x-amz-object-attributes'] ?? '').split(',').map((name) => name.trim()));
    const algorithm = version.checksum?.algorithm;
    return {
      headers: {
        'last-modified': new Date(version.lastModified).toUTCString(),
        ...versionHeader(s3, request.bucket, version),
      },
      document: {
        root: 'GetObjectAttributesResponse',
        content: {
          ETag: wanted.has('ETag') ? version.etag : undefined,
          Checksum:
            wanted.has('Checksum') && version.checksum
              ? { ...checksumElement(version.checksum), ChecksumType: version.checksum.type }
              : undefined,
          ObjectParts:
            wanted.has('ObjectParts') && version.parts
              ? {
                  PartsCount: version.parts.length,
                  Part: version.parts.map(({ number, size, checksum }) => ({
                    PartNumber: number,
                    Size: size,
                    ...(algorithm && checksum ? { [`Checksum${algorithm}`]: checksum } : {}),
                  })),
                }
              : undefined,
          StorageClass: wanted.has('StorageClass') ? (version.storageClass ?? 'STANDARD') : undefined,
          ObjectSize: wanted.has('ObjectSize') ? version.size : undefined,
        },
      },
    };
  },
};
