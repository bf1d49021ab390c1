import type { ServiceFactory } from '../../local/kernel/cloud.ts';
import { AwsError } from '../../local/kernel/errors.ts';
import type { ResourceRequest } from '../../local/kernel/resource-type.ts';

export interface Thing {
  readonly name: string;
  readonly size: number;
}

/**
 * A service with one resource type, `Test::Thing`: `Name` and `Kind` replace it, `Size` changes in place and is an attribute, `Link` and
 * `Code` are only held. `history` tells what was done to which; a thing of size 13 cannot be made or changed to.
 */
export function thingService() {
  const things = new Map<string, Thing>();
  const history: string[] = [];
  const fail = (size: number, name: string) => {
    if (size === 13) throw new AwsError('UnluckyNumber', `The thing ${name} cannot have the size 13`);
  };
  const put = (name: string, { properties, assembly }: ResourceRequest) => {
    const size = Number(properties.Size ?? 1);
    fail(size, name);
    const { Code: code } = properties as { Code?: { S3Bucket: string; S3Key: string } };
    things.set(name, { name, size });
    const path = code ? assembly.path(code.S3Bucket, code.S3Key) : undefined;
    return {
      physicalId: name,
      attributes: { Arn: `arn:aws:test:::thing/${name}`, Size: size, ...(path ? { CodePath: path } : {}) },
    };
  };
  const service: ServiceFactory = () => ({
    name: 'things',
    operations: {},
    resourceTypes: [
      {
        type: 'Test::Thing',
        properties: ['Code', 'Kind', 'Link', 'Name', 'Size'],
        ignored: { Tags: 'nothing is found by them' },
        replacing: ['Kind', 'Name'],
        check: ({ Size: size }) => (typeof size === 'number' && size < 0 ? ['Size must not be negative'] : []),
        async create(request) {
          const name = String(request.properties.Name ?? request.physicalName({ length: 40, lowerCase: true }));
          if (things.has(name)) throw new AwsError('AlreadyExists', `The thing ${name} already exists`);
          const result = put(name, request);
          history.push(`create ${request.logicalId}`);
          return result;
        },
        async update(request) {
          history.push(`update ${request.logicalId}`);
          return put(request.physicalId, request);
        },
        async delete({ physicalId }) {
          history.push(`delete ${physicalId}`);
          things.delete(physicalId);
        },
      },
    ],
  });
  return { service, things, history };
}
