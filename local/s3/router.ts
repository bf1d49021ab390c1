import { Unsupported } from '../kernel/errors.ts';
import { S3Error } from './errors.ts';
import { configurationOperation } from './operations/bucket-configuration.ts';
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from './operations/bucket-policy.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './operations/buckets.ts';
import { completeMultipartUpload } from './operations/complete-multipart-upload.ts';
import { copyObject } from './operations/copy-object.ts';
import { deleteObject, deleteObjects } from './operations/delete-object.ts';
import { getObject, headObject } from './operations/get-object.ts';
import { getObjectAttributes } from './operations/get-object-attributes.ts';
import { listObjectVersions } from './operations/list-object-versions.ts';
import { listObjects, listObjectsV2 } from './operations/list-objects.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
} from './operations/multipart-upload.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operations/object-tagging.ts';
import { putObject } from './operations/put-object.ts';
import { uploadPart, uploadPartCopy } from './operations/upload-part.ts';
import type { S3Operation, S3Request } from './request.ts';

/** Query parameters that name an aspect of a bucket or object. The first of them that a request has decides. */
const SUBRESOURCES = [
  ...['accelerate', 'acl', 'analytics', 'attributes', 'cors', 'delete', 'encryption', 'intelligent-tiering'],
  ...['inventory', 'legal-hold', 'lifecycle', 'list-type', 'location', 'logging', 'metadataTable', 'metrics'],
  ...['notification', 'object-lock', 'ownershipControls', 'policy', 'policyStatus', 'publicAccessBlock'],
  ...['replication', 'requestPayment', 'restore', 'retention', 'select', 'session', 'tagging', 'torrent'],
  ...['uploadId', 'uploads', 'versioning', 'versions', 'website', 'renameObject', 'abac', 'metadataConfiguration'],
];

/** By what the path names, method and subresource; `+copy` where a copy source is given. */
const ROUTES: Readonly<Record<string, S3Operation>> = {
  'service GET': listBuckets,

  'bucket GET': listObjects,
  'bucket GET list-type': listObjectsV2,
  'bucket GET location': getBucketLocation,
  'bucket GET policy': getBucketPolicy,
  'bucket GET policyStatus': getBucketPolicyStatus,
  'bucket GET uploads': listMultipartUploads,
  'bucket GET versions': listObjectVersions,
  'bucket HEAD': headBucket,
  'bucket PUT': createBucket,
  'bucket PUT policy': putBucketPolicy,
  'bucket POST delete': deleteObjects,
  'bucket DELETE': deleteBucket,
  'bucket DELETE policy': deleteBucketPolicy,

  'object GET': getObject,
  'object GET attributes': getObjectAttributes,
  'object GET tagging': getObjectTagging,
  'object GET uploadId': listParts,
  'object HEAD': headObject,
  'object PUT': putObject,
  'object PUT +copy': copyObject,
  'object PUT tagging': putObjectTagging,
  'object PUT uploadId': uploadPart,
  'object PUT uploadId+copy': uploadPartCopy,
  'object POST uploads': createMultipartUpload,
  'object POST uploadId': completeMultipartUpload,
  'object DELETE': deleteObject,
  'object DELETE tagging': deleteObjectTagging,
  'object DELETE uploadId': abortMultipartUpload,
};

/** Headers that would change what happens and are not implemented. */
const UNSUPPORTED_HEADERS = [
  /^x-amz-server-side-encryption-customer-/,
  /^x-amz-copy-source-server-side-encryption-customer-/,
  /^x-amz-server-side-encryption-context$/,
  /^x-amz-object-lock-/,
  /^x-amz-bucket-object-lock-enabled$/,
  /^x-amz-bypass-governance-retention$/,
  /^x-amz-website-redirect-location$/,
  /^x-amz-write-offset-bytes$/,
  /^x-amz-mfa$/,
];

/** ACLs that say what is the case anyway where ACLs are disabled, as they are by default. */
const HARMLESS_ACLS = ['private', 'bucket-owner-full-control'];

/** The operation that a request asks for; loud about what does not exist here. */
export function route(request: S3Request): S3Operation {
  checkHeaders(request);
  const level = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const subresource = SUBRESOURCES.find((name) => request.query.has(name)) ?? '';
  const copy = level === 'object' && request.headers['x-amz-copy-source'] !== undefined ? '+copy' : '';
  const operation =
    ROUTES[`${level} ${request.method} ${subresource}${copy}`.trim()] ??
    (level === 'bucket' ? configurationOperation(subresource, request.method) : undefined);
  if (operation) return operation;
  if (subresource === '') throw new S3Error('MethodNotAllowed', { details: { Method: request.method } });
  throw new Unsupported(
    `the S3 request ${request.method} ?${subresource} on ${level === 'bucket' ? 'a bucket' : 'an object'}`,
  );
}

function checkHeaders({ headers }: S3Request): void {
  for (const name of Object.keys(headers)) {
    if (UNSUPPORTED_HEADERS.some((pattern) => pattern.test(name))) throw new Unsupported(`the S3 header ${name}`);
    if (name.startsWith('x-amz-grant-')) throw new S3Error('AccessControlListNotSupported');
  }
  const acl = headers['x-amz-acl'];
  if (acl !== undefined && !HARMLESS_ACLS.includes(acl)) throw new S3Error('AccessControlListNotSupported');
}
