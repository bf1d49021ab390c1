import type { AccessRequest } from '../../iam/principal.ts';
import { isAllowed, objectAccess, versioned } from '../access.ts';
import { S3Error } from '../errors.ts';
import { writeCondition } from '../preconditions.ts';
import type { S3, S3Operation, S3Request } from '../request.ts';
import type { ObjectVersion } from '../state.ts';
import { deleteCurrent, deleteVersion } from '../versions.ts';
import { child, elements, parseXml, text, type XmlContent, type XmlNode } from '../xml.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MOST_DELETES = 1000;

export const deleteObject: S3Operation = {
  access: (s3, request) => deleteAccess(s3, request, { key: request.key, versionId: request.query.get('versionId') }),

  handle(s3, request) {
    const versionId = request.query.get('versionId');
    if (!versionId) writeCondition(s3, request)?.(false);
    const deleted = remove(s3, request, { key: request.key, versionId });
    const marker = versionId ? deleted?.deleteMarker : deleted;
    return {
      status: 204,
      headers: {
        'x-amz-version-id': versionId ?? deleted?.versionId,
        'x-amz-delete-marker': marker ? 'true' : undefined,
      },
    };
  },
};

/** Each object is allowed or refused by itself, so the operation as a whole needs nothing. */
export const deleteObjects: S3Operation = {
  access: () => [],

  async handle(s3, request) {
    s3.state.bucket(request.bucket);
    const document = parseXml((await request.bytes()).toString('utf8'), 'Delete');
    const objects = elements(document, 'Object');
    if (objects.length === 0 || objects.length > MOST_DELETES) throw new S3Error('MalformedXML');
    const quiet = text(document, 'Quiet') === 'true';
    const results = objects.map((object) => deleteOne(s3, request, object));
    return {
      document: {
        root: 'DeleteResult',
        content: {
          Deleted: quiet ? [] : results.flatMap((result) => result.Deleted ?? []),
          Error: results.flatMap((result) => result.Error ?? []),
        },
      },
    };
  },
};

function deleteOne(s3: S3, request: S3Request, object: XmlNode): { Deleted?: XmlContent; Error?: XmlContent } {
  const key = text(object, 'Key');
  if (key === undefined || key === '') throw new S3Error('MalformedXML');
  const etag = child(object, 'ETag');
  const versionId = text(object, 'VersionId') || null;
  try {
    if (!isAllowed(s3, request, deleteAccess(s3, request, { key, versionId }))) throw new S3Error('AccessDenied');
    if (typeof etag === 'string') writeCondition(s3, { ...request, key, headers: { 'if-match': etag } })?.(false);
    const deleted = remove(s3, request, { key, versionId });
    const marker = versionId ? deleted?.deleteMarker : deleted;
    return {
      Deleted: {
        Key: key,
        VersionId: versionId ?? undefined,
        DeleteMarker: marker ? true : undefined,
        DeleteMarkerVersionId: marker ? deleted?.versionId : undefined,
      },
    };
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return { Error: { Key: key, VersionId: versionId ?? undefined, Code: error.code, Message: error.message } };
  }
}

interface Target {
  readonly key: string;
  readonly versionId: string | null;
}

function deleteAccess(s3: S3, request: S3Request, { key, versionId }: Target): AccessRequest[] {
  const object = { bucket: request.bucket, key, versionId: versionId ?? undefined };
  return objectAccess(s3, request, [versioned('s3:DeleteObject', versionId)], object);
}

function remove(s3: S3, request: S3Request, { key, versionId }: Target): ObjectVersion | undefined {
  s3.state.bucket(request.bucket);
  const place = { bucket: request.bucket, key };
  const options = { requestId: request.call.requestId, reason: 'DeleteObject' };
  return versionId ? deleteVersion(s3, place, { ...options, versionId }) : deleteCurrent(s3, place, options);
}
