import { Readable } from 'node:stream';
import { Unsupported } from '../kernel/errors.ts';
import type { Call, Document, Operation } from '../kernel/service.ts';
import { perform } from './http.ts';
import type { S3, S3Answer, S3Request } from './request.ts';

/** Most that an answer within the cloud may hold; larger objects are read over HTTP. */
const LARGEST_BODY = 16 * 1024 ** 2;

/** Where a member of an operation's input goes: a header, or a parameter of the query. */
const HEADER_MEMBERS: Readonly<Record<string, string>> = {
  CacheControl: 'cache-control',
  ChecksumMode: 'x-amz-checksum-mode',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
  ContentMD5: 'content-md5',
  ContentType: 'content-type',
  CopySource: 'x-amz-copy-source',
  ExpectedBucketOwner: 'x-amz-expected-bucket-owner',
  IfMatch: 'if-match',
  IfNoneMatch: 'if-none-match',
  MetadataDirective: 'x-amz-metadata-directive',
  Range: 'range',
  ServerSideEncryption: 'x-amz-server-side-encryption',
  SSEKMSKeyId: 'x-amz-server-side-encryption-aws-kms-key-id',
  StorageClass: 'x-amz-storage-class',
  Tagging: 'x-amz-tagging',
  TaggingDirective: 'x-amz-tagging-directive',
};
const QUERY_MEMBERS: Readonly<Record<string, string>> = {
  ContinuationToken: 'continuation-token',
  Delimiter: 'delimiter',
  FetchOwner: 'fetch-owner',
  MaxKeys: 'max-keys',
  Prefix: 'prefix',
  StartAfter: 'start-after',
  VersionId: 'versionId',
};

/** The member of an operation's output that a header of the answer becomes. */
const OUTPUT_MEMBERS: Readonly<Record<string, string>> = {
  'accept-ranges': 'AcceptRanges',
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
  'content-length': 'ContentLength',
  'content-range': 'ContentRange',
  'content-type': 'ContentType',
  etag: 'ETag',
  'last-modified': 'LastModified',
  'x-amz-copy-source-version-id': 'CopySourceVersionId',
  'x-amz-delete-marker': 'DeleteMarker',
  'x-amz-server-side-encryption': 'ServerSideEncryption',
  'x-amz-server-side-encryption-aws-kms-key-id': 'SSEKMSKeyId',
  'x-amz-storage-class': 'StorageClass',
  'x-amz-tagging-count': 'TagCount',
  'x-amz-version-id': 'VersionId',
};

const CONVERSIONS: Readonly<Record<string, (value: string) => unknown>> = {
  ContentLength: Number,
  DeleteMarker: (value) => value === 'true',
  LastModified: (value) => new Date(value),
  TagCount: Number,
};

/** The operations that other services call; each is the HTTP request that an SDK would make of it. */
const METHODS = {
  CopyObject: { method: 'PUT', result: 'CopyObjectResult' },
  DeleteObject: { method: 'DELETE' },
  GetObject: { method: 'GET' },
  HeadObject: { method: 'HEAD' },
  ListObjectsV2: { method: 'GET', query: { 'list-type': '2' }, lists: ['Contents', 'CommonPrefixes'] },
  PutObject: { method: 'PUT' },
} as const satisfies Record<string, InProcess>;

interface InProcess {
  readonly method: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The member that holds the whole document of the answer. */
  readonly result?: string;
  /** Lists that are left out when they are empty. */
  readonly lists?: readonly string[];
}

/** Actions for callers within the cloud, with the documented shapes; bodies are whole (`Uint8Array`), not streams. */
export function inProcessOperations(s3: S3): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries<InProcess>(METHODS).map(([action, binding]) => [
      action,
      {
        handle: async (input, call) =>
          readAnswer(await perform(s3, writeRequest(action, binding, { input, call })), binding),
      },
    ]),
  );
}

function writeRequest(action: string, binding: InProcess, { input, call }: { input: Document; call: Call }): S3Request {
  const headers: Record<string, string> = {};
  const query = new URLSearchParams(binding.query);
  const { Bucket, Key, Body, Metadata, ...rest } = input;
  for (const [member, value] of Object.entries(rest)) {
    const [header, parameter] = [HEADER_MEMBERS[member], QUERY_MEMBERS[member]];
    if (header) headers[header] = String(value);
    else if (parameter) query.set(parameter, String(value));
    else throw new Unsupported(`the parameter ${member} of s3:${action}`);
  }
  for (const [name, value] of Object.entries((Metadata ?? {}) as Record<string, unknown>)) {
    headers[`x-amz-meta-${name.toLowerCase()}`] = String(value);
  }
  const body = bytesOf(Body);
  headers['content-length'] = String(body.length);
  return {
    method: binding.method,
    bucket: String(Bucket ?? ''),
    key: String(Key ?? ''),
    query,
    headers,
    body: Readable.from([body]),
    bytes: async () => body,
    call,
  };
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

async function readAnswer(answer: S3Answer, binding: InProcess): Promise<Document> {
  const output: Document = {};
  const metadata: Record<string, string> = {};
  for (const [header, value] of Object.entries(answer.headers ?? {})) {
    const member = OUTPUT_MEMBERS[header];
    if (value === undefined) continue;
    if (header.startsWith('x-amz-meta-')) metadata[header.slice('x-amz-meta-'.length)] = value;
    else if (member) output[member] = CONVERSIONS[member]?.(value) ?? value;
  }
  if (answer.headers?.['accept-ranges']) output.Metadata = metadata;
  if (answer.body) output.Body = await collect(answer.body);
  if (!answer.document) return output;
  const content = answer.document.content as Document;
  if (binding.result) return { ...output, [binding.result]: content };
  const shown = Object.entries(content).filter(
    ([name, value]) => value !== undefined && !(binding.lists?.includes(name) && (value as unknown[]).length === 0),
  );
  return { ...output, ...Object.fromEntries(shown) };
}

async function collect(body: Readable | string): Promise<Uint8Array> {
  if (typeof body === 'string') return Buffer.from(body);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) throw new Unsupported(`objects larger than ${LARGEST_BODY} bytes within the cloud`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
