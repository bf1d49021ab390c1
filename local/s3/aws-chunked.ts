import { S3Error } from './errors.ts';

/** Longest line that may stand before a chunk or in the trailer. */
const LONGEST_LINE = 8 * 1024;

/**
 * Takes `aws-chunked` content apart: `<hex size>[;chunk-signature=…]\r\n<data>\r\n … 0\r\n<trailer: value>\r\n…\r\n`.
 * Signatures are not checked, as nowhere in this cloud. The trailers are handed to `onTrailer` before the end.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  onTrailer: (name: string, value: string) => void,
): AsyncGenerator<Buffer> {
  const reader = new Reader(source);
  for (;;) {
    const header = await reader.line();
    const size = /^([0-9a-fA-F]{1,12})(;.*)?$/.exec(header)?.[1];
    if (size === undefined) throw new S3Error('IncompleteBody');
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    yield* reader.take(length);
    if ((await reader.line()) !== '') throw new S3Error('IncompleteBody');
  }
  for (
    let line = await reader.line({ endIsEmpty: true });
    line !== '';
    line = await reader.line({ endIsEmpty: true })
  ) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new S3Error('MalformedTrailerError');
    onTrailer(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  await reader.drain();
}

class Reader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async line({ endIsEmpty = false } = {}): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end);
        this.#rest = this.#rest.subarray(end + 2);
        return line;
      }
      if (this.#rest.length > LONGEST_LINE) throw new S3Error('IncompleteBody');
      const more = await this.#more();
      if (!more) {
        if (endIsEmpty && this.#rest.length === 0) return '';
        throw new S3Error('IncompleteBody');
      }
      this.#rest = this.#rest.length === 0 ? more : Buffer.concat([this.#rest, more]);
    }
  }

  async *take(length: number): AsyncGenerator<Buffer> {
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const more = await this.#more();
        if (!more) throw new S3Error('IncompleteBody');
        this.#rest = more;
      }
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      yield piece;
    }
  }

  async drain(): Promise<void> {
    while (await this.#more()) this.#rest = Buffer.alloc(0);
  }

  async #more(): Promise<Buffer | undefined> {
    const { done, value } = await this.#source.next();
    return done ? undefined : value;
  }
}
