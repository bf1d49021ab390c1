import { BlockList, isIP } from 'node:net';
import { invalid } from './pattern.ts';

/** Reads `10.0.0.0/24` or `2001:db8::/32`. */
export function parseCidr(text: string): BlockList {
  const [address = '', bits, ...rest] = text.split('/');
  if (bits === undefined || rest.length > 0) throw invalid('Malformed CIDR, one '.concat("'/' required"));
  const version = isIP(address);
  if (version === 0) throw invalid(`Nonstandard IP address: ${address}`);
  const mask = Number(bits);
  if (!Number.isInteger(mask) || mask < 0 || mask > (version === 4 ? 32 : 128))
    throw invalid('Malformed CIDR, mask bits must be an integer');
  const block = new BlockList();
  block.addSubnet(address, mask, version === 4 ? 'ipv4' : 'ipv6');
  return block;
}

export const cidrContains = (block: BlockList, address: string) =>
  block.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
