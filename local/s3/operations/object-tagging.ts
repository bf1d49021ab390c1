import { objectAccess, versioned } from '../access.ts';
import { checkTags } from '../attributes.ts';
import type { S3, S3Operation, S3Request } from '../request.ts';
import type { ObjectVersion, Tag } from '../state.ts';
import { changeVersion, versionHeader } from '../versions.ts';
import { child, elements, parseXml, text } from '../xml.ts';
import { readVersion } from './get-object.ts';

export const getObjectTagging: S3Operation = {
  access: (s3, request) => tagAccess(s3, request, 's3:GetObjectTagging'),

  handle(s3, request) {
    const version = readVersion(s3, request);
    return {
      headers: versionHeader(s3, request.bucket, version),
      document: {
        root: 'Tagging',
        content: { TagSet: { Tag: (version.tags ?? []).map(({ Key, Value }) => ({ Key, Value })) } },
      },
    };
  },
};

export const putObjectTagging: S3Operation = {
  access: (s3, request) => tagAccess(s3, request, 's3:PutObjectTagging'),

  async handle(s3, request) {
    const tags = readTagSet((await request.bytes()).toString('utf8'));
    const version = readVersion(s3, request);
    return { headers: setTags(s3, request, version, checkTags(tags)) };
  },
};

export const deleteObjectTagging: S3Operation = {
  access: (s3, request) => tagAccess(s3, request, 's3:DeleteObjectTagging'),

  handle(s3, request) {
    return { status: 204, headers: setTags(s3, request, readVersion(s3, request), undefined) };
  },
};

/** The tags of a `Tagging` document, which buckets use as well. */
export function readTagSet(document: string): Tag[] {
  return elements(child(parseXml(document, 'Tagging'), 'TagSet'), 'Tag').map((tag) => ({
    Key: text(tag, 'Key') ?? '',
    Value: text(tag, 'Value') ?? '',
  }));
}

function setTags(s3: S3, request: S3Request, version: ObjectVersion, tags: Tag[] | undefined): Record<string, string> {
  changeVersion(s3, request, version.versionId, { tags });
  const { versionId, etag } = version;
  const object = { bucket: request.bucket, key: request.key, versionId, etag };
  s3.events.tagged(object, tags !== undefined, request.call.requestId);
  return versionHeader(s3, request.bucket, version);
}

function tagAccess(s3: S3, request: S3Request, action: string) {
  return objectAccess(s3, request, [versioned(action, request.query.get('versionId'))]);
}
