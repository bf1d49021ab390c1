import { bucketAccess } from '../access.ts';
import { S3Error } from '../errors.ts';
import { owner } from '../owner.ts';
import type { S3, S3Operation } from '../request.ts';
import { parseXml, text } from '../xml.ts';

export const listBuckets: S3Operation = {
  access: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],

  handle(s3, request) {
    const prefix = request.query.get('prefix') ?? '';
    const buckets = [...s3.state.buckets.values()].filter(({ name }) => name.startsWith(prefix));
    buckets.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      document: {
        root: 'ListAllMyBucketsResult',
        content: {
          Owner: owner(s3.context.account),
          Buckets: {
            Bucket: buckets.map(({ name, createdAt }) => ({
              Name: name,
              CreationDate: new Date(createdAt),
              BucketRegion: s3.context.region,
            })),
          },
          Prefix: prefix === '' ? undefined : prefix,
        },
      },
    };
  },
};

export const createBucket: S3Operation = {
  access: (_s3, request) => [{ action: 's3:CreateBucket', resource: `arn:aws:s3:::${request.bucket}` }],

  async handle(s3, request) {
    const body = (await request.bytes()).toString('utf8');
    const place = body === '' ? undefined : text(parseXml(body, 'CreateBucketConfiguration'), 'LocationConstraint');
    if (place !== undefined && place !== s3.context.region) {
      throw new S3Error('InvalidRequest', { message: `This cloud has one region, ${s3.context.region}; not ${place}` });
    }
    newBucket(s3, request.bucket);
    return { headers: { location: `/${request.bucket}` } };
  },
};

/** Makes an empty bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function newBucket(s3: S3, name: string): void {
  const wellFormed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^[\d.]+$/.test(name);
  if (!wellFormed) throw new S3Error('InvalidBucketName', { details: { BucketName: name } });
  if (s3.state.buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', { details: { BucketName: name } });
  s3.state.buckets.set(name, { name, createdAt: s3.context.clock.now() });
}

export const headBucket: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:ListBucket'),

  handle: (s3) => ({
    headers: { 'x-amz-bucket-region': s3.context.region, 'x-amz-access-point-alias': 'false' },
  }),
};

export const deleteBucket: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:DeleteBucket'),

  handle(s3, request) {
    removeBucket(s3, request.bucket);
    return { status: 204 };
  },
};

/** Removes a bucket that holds nothing, neither versions nor delete markers. */
export function removeBucket(s3: S3, name: string): void {
  s3.state.bucket(name);
  const { size } = s3.state.keys(name);
  if (size > 0) {
    throw new S3Error('BucketNotEmpty', {
      message: 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
      details: { BucketName: name },
    });
  }
  s3.state.deleteBucket(name);
}

export const getBucketLocation: S3Operation = {
  access: (s3, request) => bucketAccess(s3, request, 's3:GetBucketLocation'),

  handle: ({ context: { region } }) => ({
    document: { root: 'LocationConstraint', content: region === 'us-east-1' ? '' : region },
  }),
};
