import { crc32 } from 'node:zlib';

/** A running cyclic redundancy check. */
export interface Crc {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function newCrc32(): Crc {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => bigEndian([value]),
  };
}

/** CRC-32C (Castagnoli), reflected. */
export function newCrc32c(): Crc {
  let value = 0xffffffff;
  return {
    update: (bytes) => {
      for (let i = 0; i < bytes.length; i++) {
        value = (CASTAGNOLI[(value ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (value >>> 8);
      }
    },
    digest: () => bigEndian([value ^ 0xffffffff]),
  };
}

/** CRC-64/NVME, reflected, in two halves of 32 bits: BigInt is some fifty times slower. */
export function newCrc64Nvme(): Crc {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update: (bytes) => {
      for (let i = 0; i < bytes.length; i++) {
        const index = (low ^ (bytes[i] ?? 0)) & 0xff;
        low = (NVME_LOW[index] ?? 0) ^ ((low >>> 8) | (high << 24));
        high = (NVME_HIGH[index] ?? 0) ^ (high >>> 8);
      }
    },
    digest: () => bigEndian([high ^ 0xffffffff, low ^ 0xffffffff]),
  };
}

const CASTAGNOLI = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0x82f63b78 ^ (value >>> 1) : value >>> 1;
  return value;
});

const NVME_HIGH = new Uint32Array(256);
const NVME_LOW = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | (high << 31);
    high = high >>> 1;
    if (carry) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  NVME_HIGH[byte] = high;
  NVME_LOW[byte] = low;
}

function bigEndian(words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, index) => {
    bytes.writeUInt32BE(word >>> 0, index * 4);
  });
  return bytes;
}
