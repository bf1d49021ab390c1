import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Service } from '../../../local/s3/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
let client: S3Client;

beforeAll(async () => {
  cloud = await startKernel({ services: [s3Service] });
  client = new S3Client({ ...cloud.client, forcePathStyle: true });
  for (const Bucket of ['plain', 'versioned']) await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(
    new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status: 'Enabled' } }),
  );
});

afterAll(async () => {
  client.destroy();
  await cloud.stop();
});

const put = (Key: string, Body: PutObjectCommandInput['Body'], more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket: 'plain', Key, Body, ...more }));
const get = (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  client.send(new GetObjectCommand({ Bucket: 'plain', Key, ...more }));
const text = async (Key: string, more: Partial<GetObjectCommandInput> = {}) =>
  (await get(Key, more)).Body?.transformToString();
const md5 = (body: string | Uint8Array) => createHash('md5').update(body).digest('hex');

/** A request as no SDK would send it. */
function raw(method: string, path: string, options: { headers?: Record<string, string>; body?: string } = {}) {
  return fetch(cloud.client.endpoint + path, {
    method,
    body: options.body,
    headers: {
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
      ...options.headers,
    },
  });
}

describe('put and get', () => {
  test('an object comes back with its bytes, ETag, headers and metadata', async () => {
    const body = randomBytes(100_000);
    const { ETag } = await put('a', body, {
      ContentType: 'text/csv',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.csv"',
      Metadata: { rows: '17', Owner: 'risk' },
    });
    expect(ETag).toBe(`"${md5(body)}"`);
    const found = await get('a');
    expect(Buffer.from((await found.Body?.transformToByteArray()) ?? [])).toEqual(body);
    expect(found).toMatchObject({
      ETag,
      ContentLength: 100_000,
      ContentType: 'text/csv',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment; filename="a.csv"',
      Metadata: { rows: '17', owner: 'risk' },
      ServerSideEncryption: 'AES256',
      LastModified: expect.any(Date),
    });
    expect(found.LastModified?.getUTCFullYear()).toBe(2026);
  });

  test('a stream is sent in chunks with a trailing checksum', async () => {
    const pieces = ['first,', 'second,', 'third'];
    const stream = Readable.from(pieces.map((piece) => Buffer.from(piece)));
    await put('stream', stream, { ContentLength: pieces.join('').length, ChecksumAlgorithm: 'SHA256' });
    const { ChecksumSHA256, ChecksumType } = await client.send(
      new HeadObjectCommand({ Bucket: 'plain', Key: 'stream', ChecksumMode: 'ENABLED' }),
    );
    expect(await text('stream')).toBe('first,second,third');
    expect(ChecksumType).toBe('FULL_OBJECT');
    expect(ChecksumSHA256).toBe(createHash('sha256').update(pieces.join('')).digest('base64'));
  });

  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s: the SDK verifies what it gets back',
    async (ChecksumAlgorithm) => {
      await put('sum', '123456789', { ChecksumAlgorithm });
      const found = await get('sum', { ChecksumMode: 'ENABLED' });
      expect(await found.Body?.transformToString()).toBe('123456789');
      const known = { CRC32: 'y/Q5Jg==', CRC32C: '4waSgw==', CRC64NVME: 'rosUhgp5mIg=' } as Record<string, string>;
      if (known[ChecksumAlgorithm]) expect(found[`Checksum${ChecksumAlgorithm}`]).toBe(known[ChecksumAlgorithm]);
    },
  );

  test.each([
    'with space+plus%2B',
    'ünïcode/日本語.csv',
    `quotes'"&<>.csv`,
    'a//b/../c/./',
    '💾',
    'semi;colon:at@equals=dollar$,star*()!~',
  ])('the key %s is kept as it is', async (key) => {
    await put(key, key);
    expect(await text(key)).toBe(key);
    const found = await client.send(new HeadObjectCommand({ Bucket: 'plain', Key: key }));
    expect(found.ContentLength).toBe(Buffer.byteLength(key));
  });

  test('a key above 1024 bytes is refused', async () => {
    await put('k'.repeat(1024), 'x');
    await expect(put(`${'k'.repeat(1023)}ü`, 'x')).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });

  test('virtual-hosted style reaches the same object', async () => {
    await put('hosted', 'x');
    const { port } = new URL(cloud.client.endpoint);
    const status = await new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        path: '/hosted',
        headers: {
          host: `plain.s3.localhost:${port}`,
          authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/s3/aws4_request',
        },
      };
      httpRequest(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });

  test.each([
    ['bytes=2-4', 'cde', 'bytes 2-4/10'],
    ['bytes=7-', 'hij', 'bytes 7-9/10'],
    ['bytes=-2', 'ij', 'bytes 8-9/10'],
    ['bytes=0-99', 'abcdefghij', 'bytes 0-9/10'],
  ])('the range %s gives %s', async (Range, expected, ContentRange) => {
    await put('range', 'abcdefghij');
    const found = await get('range', { Range });
    expect(found).toMatchObject({ ContentRange, ContentLength: expected.length, $metadata: { httpStatusCode: 206 } });
    expect(await found.Body?.transformToString()).toBe(expected);
  });

  test('a range beyond the end is a 416', async () => {
    await put('range', 'abcdefghij');
    await expect(get('range', { Range: 'bytes=10-' })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
    });
  });

  test('response headers can be replaced by the query', async () => {
    await put('override', 'x');
    const found = await get('override', { ResponseContentType: 'text/x', ResponseContentDisposition: 'inline' });
    expect(found).toMatchObject({ ContentType: 'text/x', ContentDisposition: 'inline' });
  });

  test('conditional reads: 304 and 412', async () => {
    const { ETag = '' } = await put('conditional', 'x');
    expect(await text('conditional', { IfMatch: ETag })).toBe('x');
    await expect(get('conditional', { IfNoneMatch: ETag })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get('conditional', { IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const past = new Date(cloud.clock.now() - 60_000);
    await expect(get('conditional', { IfUnmodifiedSince: past })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await text('conditional', { IfModifiedSince: past })).toBe('x');
  });

  test('what is missing has its own error', async () => {
    await expect(get('missing')).rejects.toMatchObject({
      name: 'NoSuchKey',
      message: 'The specified key does not exist.',
    });
    await expect(get('x', { Bucket: 'nowhere' })).rejects.toMatchObject({ name: 'NoSuchBucket' });
    await expect(client.send(new HeadObjectCommand({ Bucket: 'plain', Key: 'missing' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });
});

describe('integrity', () => {
  test.each([
    [
      'Content-MD5 of something else',
      { 'content-md5': Buffer.from(md5('other'), 'hex').toString('base64') },
      'BadDigest',
    ],
    ['Content-MD5 that is none', { 'content-md5': 'abc' }, 'InvalidDigest'],
    ['a checksum of something else', { 'x-amz-checksum-crc32': 'AAAAAA==' }, 'BadDigest'],
    ['a checksum of the wrong length', { 'x-amz-checksum-sha256': 'AAAAAA==' }, 'InvalidRequest'],
    ['a payload hash of something else', { 'x-amz-content-sha256': '0'.repeat(64) }, 'XAmzContentSHA256Mismatch'],
    [
      'a trailer that does not come',
      {
        'x-amz-trailer': 'x-amz-checksum-crc32',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '4',
      },
      'MalformedTrailerError',
    ],
    [
      'fewer bytes than promised',
      { 'x-amz-decoded-content-length': '5', 'content-encoding': 'aws-chunked' },
      'IncompleteBody',
    ],
  ])('%s is refused and leaves nothing', async (_name, headers, code) => {
    const body = 'content-encoding' in headers ? '4\r\nbody\r\n0\r\n\r\n' : 'body';
    const response = await raw('PUT', '/plain/refused', { headers: headers as Record<string, string>, body });
    expect(await response.text()).toContain(`<Code>${code}</Code>`);
    await expect(get('refused')).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(readdirSync(join(cloud.store.folder('s3'), 'incoming'))).toEqual([]);
  });

  test('an upload that breaks off leaves nothing', async () => {
    const { port } = new URL(cloud.client.endpoint);
    await new Promise<void>((resolve) => {
      const upload = httpRequest({
        host: '127.0.0.1',
        port,
        method: 'PUT',
        path: '/plain/broken',
        headers: {
          'content-length': '1000000',
          authorization: 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/s3/aws4_request',
        },
      });
      upload.on('error', () => resolve());
      upload.write(Buffer.alloc(300_000), () => upload.destroy(new Error('cable pulled')));
    });
    await cloud.clock.idle();
    expect(readdirSync(join(cloud.store.folder('s3'), 'incoming'))).toEqual([]);
    await expect(get('broken')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('signed chunks of older SDKs are taken apart', async () => {
    const body = `5;chunk-signature=${'0'.repeat(64)}\r\nhello\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`;
    const headers = {
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'x-amz-decoded-content-length': '5',
    };
    expect((await raw('PUT', '/plain/signed', { headers, body })).status).toBe(200);
    expect(await text('signed')).toBe('hello');
  });
});

describe('conditional writes', () => {
  test('If-None-Match: * writes once', async () => {
    await put('once', 'first', { IfNoneMatch: '*' });
    await expect(put('once', 'second', { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    expect(await text('once')).toBe('first');
  });

  test('of many that write at once one wins', async () => {
    const attempts = Array.from({ length: 8 }, (_, i) => put('race', `writer ${i}`, { IfNoneMatch: '*' }));
    const outcomes = await Promise.allSettled(attempts);
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await text('race')).toBe(`writer ${winner}`);
  });

  test('If-Match replaces what one has seen, and nothing else', async () => {
    const { ETag } = await put('match', 'one');
    await put('match', 'two', { IfMatch: ETag });
    await expect(put('match', 'three', { IfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(put('match-nothing', 'x', { IfMatch: ETag })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('a delete while a conditional write is on its way is a 409', async () => {
    await put('conflict', 'old');
    const { ETag } = await get('conflict');
    let deleted: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => {
      deleted = resolve;
    });
    async function* body() {
      yield Buffer.from('new ');
      await client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'conflict' }));
      deleted();
      yield Buffer.from('body');
    }
    const attempt = put('conflict', Readable.from(body()), { IfMatch: ETag, ContentLength: 8 });
    await expect(attempt).rejects.toMatchObject({
      name: 'ConditionalRequestConflict',
      $metadata: { httpStatusCode: 409 },
    });
    await wait;
  });
});

describe('versions', () => {
  test('every write has its version, and each can be read', async () => {
    const at = { Bucket: 'versioned' };
    const first = await put('v', 'one', at);
    const second = await put('v', 'two', at);
    expect(first.VersionId).toMatch(/^[\w.]{32}$/);
    expect(await text('v', at)).toBe('two');
    expect(await text('v', { ...at, VersionId: first.VersionId })).toBe('one');

    const removed = await client.send(new DeleteObjectCommand({ ...at, Key: 'v' }));
    expect(removed.DeleteMarker).toBe(true);
    await expect(get('v', at)).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(await text('v', { ...at, VersionId: second.VersionId })).toBe('two');
    await expect(get('v', { ...at, VersionId: removed.VersionId })).rejects.toMatchObject({
      name: 'MethodNotAllowed',
      $metadata: { httpStatusCode: 405 },
    });

    await client.send(new DeleteObjectCommand({ ...at, Key: 'v', VersionId: removed.VersionId }));
    expect(await text('v', at)).toBe('two');
    const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ ...at, Prefix: 'v' }));
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
      [second.VersionId, true],
      [first.VersionId, false],
    ]);
    expect(DeleteMarkers).toBeUndefined();
  });

  test('a version that is none, and one that is gone', async () => {
    const at = { Bucket: 'versioned' };
    const { VersionId = '' } = await put('gone', 'x', at);
    await client.send(new DeleteObjectCommand({ ...at, Key: 'gone', VersionId }));
    await expect(get('gone', { ...at, VersionId })).rejects.toMatchObject({ name: 'NoSuchVersion' });
    await expect(get('gone', { ...at, VersionId: 'abc' })).rejects.toMatchObject({
      name: 'InvalidArgument',
      message: 'Invalid version id specified',
    });
  });

  test('a suspended bucket replaces its null version', async () => {
    await client.send(new CreateBucketCommand({ Bucket: 'suspended' }));
    const at = { Bucket: 'suspended' };
    const setVersioning = (Status: 'Enabled' | 'Suspended') =>
      client.send(new PutBucketVersioningCommand({ ...at, VersioningConfiguration: { Status } }));
    await put('s', 'before', at);
    await setVersioning('Enabled');
    const kept = await put('s', 'kept', at);
    await setVersioning('Suspended');
    await put('s', 'after', at);
    const { Versions } = await client.send(new ListObjectVersionsCommand(at));
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(['null', kept.VersionId]);
    expect(await text('s', { ...at, VersionId: 'null' })).toBe('after');
  });
});

describe('copy, delete, tags', () => {
  test('a copy takes bytes, headers and tags of a version', async () => {
    const source = await put('copy source+ü', 'one', {
      Bucket: 'versioned',
      Metadata: { a: '1' },
      Tagging: 'x=1',
      ContentType: 'text/csv',
    });
    await put('copy source+ü', 'two', { Bucket: 'versioned' });
    const CopySource = `versioned/${encodeURIComponent('copy source+ü')}?versionId=${source.VersionId}`;
    const copied = await client.send(new CopyObjectCommand({ Bucket: 'plain', Key: 'copied', CopySource }));
    expect(copied.CopySourceVersionId).toBe(source.VersionId);
    expect(await get('copied')).toMatchObject({
      ETag: source.ETag,
      Metadata: { a: '1' },
      ContentType: 'text/csv',
      TagCount: 1,
    });
    expect(await text('copied')).toBe('one');
  });

  test('metadata is replaced only when asked, and an object cannot be copied onto itself unchanged', async () => {
    await put('self', 'x', { Metadata: { a: '1' } });
    const copy = { Bucket: 'plain', Key: 'self', CopySource: '/plain/self' };
    await expect(client.send(new CopyObjectCommand({ ...copy, Metadata: { a: '2' } }))).rejects.toThrow(
      'without changing the object',
    );
    await client.send(new CopyObjectCommand({ ...copy, Metadata: { a: '2' }, MetadataDirective: 'REPLACE' }));
    expect((await get('self')).Metadata).toEqual({ a: '2' });
    expect(await text('self')).toBe('x');
  });

  test('a copy can insist on what it copies', async () => {
    await put('insist', 'x');
    const copy = { Bucket: 'plain', Key: 'insisted', CopySource: 'plain/insist', CopySourceIfMatch: '"other"' };
    await expect(client.send(new CopyObjectCommand(copy))).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  test('many objects are deleted by one request', async () => {
    const keys = ['del/1', 'del/ü&<', 'del/missing'];
    for (const key of keys.slice(0, 2)) await put(key, 'x');
    const { Deleted } = await client.send(
      new DeleteObjectsCommand({ Bucket: 'plain', Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual(keys);
    await expect(get('del/ü&<')).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('tags are set, read and limited', async () => {
    await put('tagged', 'x', { Tagging: 'stage=dev&team=a%20b' });
    const tags = async () =>
      (await client.send(new GetObjectTaggingCommand({ Bucket: 'plain', Key: 'tagged' }))).TagSet;
    expect(await tags()).toEqual([
      { Key: 'stage', Value: 'dev' },
      { Key: 'team', Value: 'a b' },
    ]);
    const TagSet = Array.from({ length: 11 }, (_, i) => ({ Key: `k${i}`, Value: '' }));
    const set = (count: number) =>
      client.send(
        new PutObjectTaggingCommand({ Bucket: 'plain', Key: 'tagged', Tagging: { TagSet: TagSet.slice(0, count) } }),
      );
    await set(1);
    expect(await tags()).toEqual([{ Key: 'k0', Value: '' }]);
    await expect(set(11)).rejects.toMatchObject({ name: 'InvalidTag' });
  });
});

test.each([
  ['x-amz-server-side-encryption-customer-algorithm', 'AES256', 'LocalCloudUnsupported'],
  ['x-amz-object-lock-mode', 'GOVERNANCE', 'LocalCloudUnsupported'],
  ['x-amz-storage-class', 'GLACIER', 'LocalCloudUnsupported'],
  ['x-amz-storage-class', 'CHEAP', 'InvalidStorageClass'],
  ['x-amz-acl', 'public-read', 'AccessControlListNotSupported'],
  ['x-amz-expected-bucket-owner', '123456789012', 'AccessDenied'],
])('%s: %s is answered by %s', async (header, value, code) => {
  const response = await raw('PUT', '/plain/loud', { headers: { [header]: value }, body: 'x' });
  expect(await response.text()).toContain(`<Code>${code}</Code>`);
});

test('what is refused before S3 is asked reaches its clients as an error that they can read', async () => {
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };
  const careless = new S3Client({ ...cloud.client, credentials, forcePathStyle: true });
  await expect(careless.send(new PutObjectCommand({ Bucket: 'plain', Key: 'k', Body: 'x' }))).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
    message: expect.stringContaining('refuses real credentials'),
  });
  careless.destroy();
});
