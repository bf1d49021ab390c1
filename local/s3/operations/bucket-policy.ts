import type { PolicyDocument } from '../../iam/principal.ts';
import { bucketAccess } from '../access.ts';
import { S3Error } from '../errors.ts';
import type { S3Operation } from '../request.ts';

export const getBucketPolicy: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:GetBucketPolicy'),

  handle(s3, request) {
    const { policy } = s3.state.bucket(request.bucket);
    if (!policy) throw new S3Error('NoSuchBucketPolicy', { details: { BucketName: request.bucket } });
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(policy) };
  },
};

export const getBucketPolicyStatus: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:GetBucketPolicyStatus'),

  handle(s3, request) {
    if (!s3.state.bucket(request.bucket).policy) throw new S3Error('NoSuchBucketPolicy');
    return { document: { root: 'PolicyStatus', content: { IsPublic: false } } };
  },
};

export const putBucketPolicy: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:PutBucketPolicy'),

  async handle(s3, request) {
    const policy = readPolicy((await request.bytes()).toString('utf8'));
    s3.state.changeBucket(request.bucket, { policy });
    return { status: 204 };
  },
};

export const deleteBucketPolicy: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:DeleteBucketPolicy'),

  handle(s3, request) {
    s3.state.changeBucket(request.bucket, { policy: undefined });
    return { status: 204 };
  },
};

function readPolicy(document: string): PolicyDocument {
  try {
    const policy = JSON.parse(document) as PolicyDocument;
    if (typeof policy === 'object' && policy !== null && policy.Statement) return policy;
  } catch {
    throw new S3Error('MalformedPolicy', { message: 'Policies must be valid JSON and the first byte must be {' });
  }
  throw new S3Error('MalformedPolicy', { message: 'Missing required field Statement' });
}
