import { createHash } from 'node:crypto';
import type { ResourceRequest } from '../kernel/resource-type.ts';

/** `arn:aws:cloudformation:…:stack/<name>/<uuid>`; the same for the n-th stack of a name, so that runs can be compared. */
export function stackArn(options: { account: string; region: string; name: string; incarnation: number }): string {
  const { account, region, name, incarnation } = options;
  const hex = createHash('sha256').update(`${account}/${region}/${name}/${incarnation}`).digest('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
  return `arn:aws:cloudformation:${region}:${account}:stack/${name}/${uuid}`;
}

const RANDOM_LENGTH = 12;

export interface NamedResource {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  /** Counts how often the resource was replaced: the new one needs another name while the old one still stands. */
  readonly generation: number;
}

/**
 * Makes names as CloudFormation does, `<stack>-<logical id>-<random>`; too long ones lose the ends of both parts.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 */
export function physicalNames(resource: NamedResource): ResourceRequest['physicalName'] {
  const { stackName, stackId, logicalId, generation } = resource;
  const digest = createHash('sha256').update(`${stackId}/${logicalId}/${generation}`).digest('hex');
  const random = BigInt(`0x${digest}`).toString(36).slice(-RANDOM_LENGTH).toUpperCase();
  return ({ length = 255, lowerCase = false, suffix = '' } = {}) => {
    const room = Math.max(0, length - RANDOM_LENGTH - 2 - suffix.length);
    const forLogicalId = Math.min(logicalId.length, Math.max(Math.ceil(room / 2), room - stackName.length));
    const forStack = Math.min(stackName.length, room - forLogicalId);
    const name = `${stackName.slice(0, forStack)}-${logicalId.slice(0, forLogicalId)}-${random}${suffix}`;
    return lowerCase ? name.toLowerCase() : name;
  };
}
