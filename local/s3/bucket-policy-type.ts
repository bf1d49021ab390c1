import type { PolicyDocument } from '../iam/principal.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import type { S3 } from './request.ts';

/** `AWS::S3::BucketPolicy`: the policy of a bucket; its physical id is the bucket's name. */
export function bucketPolicyType(s3: S3): ResourceType {
  const put = (properties: Document) => {
    const name = String(properties.Bucket);
    s3.state.changeBucket(name, { policy: properties.PolicyDocument as PolicyDocument });
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::S3::BucketPolicy',
    properties: ['Bucket', 'PolicyDocument'],
    replacing: ['Bucket'],
    create: async ({ properties }) => put(properties),
    update: async ({ properties }) => put(properties),
    async delete({ physicalId }) {
      if (s3.state.buckets.has(physicalId)) s3.state.changeBucket(physicalId, { policy: undefined });
    },
  };
}
