import { isUtf8 } from 'node:buffer';
import { type Anomaly, fault } from '../../domain/anomaly.ts';

/** Length of the part that does not end in the middle of a character: a UTF-8 sequence has at most three followers. */
export function wholeCharacters(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.byteLength); back += 1) {
    const byte = data[data.byteLength - back] ?? 0;
    if (byte < 0x80) return data.byteLength;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < needed ? data.byteLength - back : data.byteLength;
    }
  }
  return data.byteLength;
}

export const nulByte = (line: number) =>
  fault('NOT_UTF8', `Line ${line} holds a NUL byte, so the file is not text.`, 'Save the file as CSV with UTF-8 text.');

/** The first line that is not UTF-8, and the byte in it. A newline is never part of a longer character. */
export function notUtf8(data: Buffer, firstLine: number): Anomaly {
  let line = firstLine;
  let from = 0;
  for (;;) {
    const newline = data.indexOf(0x0a, from);
    const to = newline === -1 ? data.byteLength : newline;
    if (newline === -1 || !isUtf8(data.subarray(from, to))) {
      const byte = firstBadByte(data.subarray(from, to));
      return fault(
        'NOT_UTF8',
        `Line ${line} holds the byte 0x${byte.toString(16).toUpperCase().padStart(2, '0')}, which is not UTF-8 text there.`,
        'Save the file as UTF-8; it may be in Latin-1, Windows-1252 or UTF-16 now.',
      );
    }
    from = newline + 1;
    line += 1;
  }
}

function firstBadByte(line: Buffer): number {
  for (let at = 0; at < line.byteLength; ) {
    const lead = line[at] ?? 0;
    const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (!isUtf8(line.subarray(at, at + length))) return lead;
    at += length;
  }
  return 0;
}
