import { createHash } from 'node:crypto';
import { type Crc, newCrc32, newCrc32c, newCrc64Nvme } from './crc.ts';
import { invalidArgument, S3Error } from './errors.ts';

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

/** A checksum that is stored with an object or a part; `value` is base64, with `-<parts>` when composite. */
export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value: string;
  readonly type: ChecksumType;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
const ALGORITHMS: Record<ChecksumAlgorithm, { create(): Crc; bytes: number }> = {
  CRC32: { create: newCrc32, bytes: 4 },
  CRC32C: { create: newCrc32c, bytes: 4 },
  CRC64NVME: { create: newCrc64Nvme, bytes: 8 },
  SHA1: { create: () => hash('sha1'), bytes: 20 },
  SHA256: { create: () => hash('sha256'), bytes: 32 },
};

const NAMES = Object.keys(ALGORITHMS) as ChecksumAlgorithm[];

export function newDigest(algorithm: ChecksumAlgorithm): Crc {
  return ALGORITHMS[algorithm].create();
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The element of a part or of an answer that carries the checksum, e.g. `ChecksumCRC32`. */
export function checksumElement(checksum: Checksum | undefined): Record<string, string> {
  return checksum ? { [`Checksum${checksum.algorithm}`]: checksum.value } : {};
}

export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  return checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {};
}

export function checksumAlgorithm(header: string, value: string | undefined): ChecksumAlgorithm | undefined {
  if (value === undefined) return undefined;
  const name = NAMES.find((candidate) => candidate === value.toUpperCase());
  if (!name) throw invalidArgument(header, value, 'Checksum algorithm provided is unsupported.');
  return name;
}

/** What the client says the checksum is: a value in a header, or one that follows the body in a trailer. */
export interface ExpectedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly value?: string;
  readonly trailer: boolean;
}

export function expectedChecksum(headers: Readonly<Record<string, string>>): ExpectedChecksum | undefined {
  const given = NAMES.filter((name) => headers[checksumHeader(name)] !== undefined);
  if (given.length > 1) {
    throw new S3Error('InvalidRequest', {
      message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    });
  }
  const [algorithm] = given;
  if (algorithm) return { algorithm, value: checked(algorithm, headers[checksumHeader(algorithm)]), trailer: false };
  const trailer = NAMES.find((name) => checksumHeader(name) === (headers['x-amz-trailer'] ?? '').trim().toLowerCase());
  if (trailer) return { algorithm: trailer, trailer: true };
  if (headers['x-amz-sdk-checksum-algorithm'] !== undefined) {
    throw new S3Error('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    });
  }
  return undefined;
}

/** A checksum value of the right length, or InvalidRequest. */
export function checked(algorithm: ChecksumAlgorithm, value: string | undefined): string {
  const bytes = Buffer.from(value ?? '', 'base64');
  if (value === undefined || bytes.length !== ALGORITHMS[algorithm].bytes || bytes.toString('base64') !== value) {
    throw new S3Error('InvalidRequest', { message: `Value for ${checksumHeader(algorithm)} header is invalid.` });
  }
  return value;
}

/** The checksum of checksums of a multipart object. */
export function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): Checksum {
  const digest = newDigest(algorithm);
  for (const part of parts) digest.update(Buffer.from(part, 'base64'));
  return { algorithm, value: `${digest.digest().toString('base64')}-${parts.length}`, type: 'COMPOSITE' };
}

function hash(name: string): Crc {
  const running = createHash(name);
  return { update: (bytes) => void running.update(bytes), digest: () => running.digest() };
}
