import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3Service } from '../../../local/s3/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const MiB = 1024 ** 2;
const Bucket = 'parts';

let cloud: TestKernel;
let client: S3Client;

beforeAll(async () => {
  cloud = await startKernel({ services: [s3Service] });
  client = new S3Client({ ...cloud.client, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  client.destroy();
  await cloud.stop();
});

const create = async (Key: string) =>
  (await client.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata: { rows: '3' } }))).UploadId;
const upload = (Key: string, UploadId: string | undefined, PartNumber: number, Body: Uint8Array) =>
  client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
const complete = (Key: string, UploadId: string | undefined, Parts: { PartNumber: number; ETag?: string }[]) =>
  client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
const read = async (Key: string, more = {}) =>
  Buffer.from(
    (await (await client.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToByteArray()) ?? [],
  );
const md5 = (...bodies: Uint8Array[]) => {
  const hash = createHash('md5');
  for (const body of bodies) hash.update(body);
  return hash.digest();
};
const bodies = () =>
  readdirSync(join(cloud.store.folder('s3'), 'data'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;

test('lib-storage uploads a large stream in parts', async () => {
  const body = randomBytes(17 * MiB);
  const done = await new Upload({ client, params: { Bucket, Key: 'large', Body: body }, partSize: 5 * MiB }).done();
  const parts = [0, 5, 10, 15].map((start) => md5(body.subarray(start * MiB, Math.min(start + 5, 17) * MiB)));
  expect(done.ETag).toBe(`"${md5(...parts).toString('hex')}-4"`);
  expect(md5(await read('large'))).toEqual(md5(body));
  const across = await read('large', { Range: `bytes=${5 * MiB - 2}-${5 * MiB + 1}` });
  expect(across).toEqual(body.subarray(5 * MiB - 2, 5 * MiB + 2));
  expect(await read('large', { PartNumber: 4 })).toEqual(body.subarray(15 * MiB));
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'large', ChecksumMode: 'ENABLED' }));
  expect(head).toMatchObject({
    ContentLength: 17 * MiB,
    ChecksumType: 'COMPOSITE',
    ChecksumCRC32: expect.stringMatching(/-4$/),
  });
});

test('a copy of a multipart object is one piece with the ETag of its bytes', async () => {
  const body = await read('large');
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/large` }));
  const { ETag } = await client.send(new HeadObjectCommand({ Bucket, Key: 'copy' }));
  expect(ETag).toBe(`"${md5(body).toString('hex')}"`);
});

test('parts may come in any order and be replaced; what is not listed is thrown away', async () => {
  const before = bodies();
  const UploadId = await create('order');
  const [one, two] = [Buffer.alloc(5 * MiB, 1), Buffer.alloc(3, 2)];
  await upload('order', UploadId, 9, Buffer.alloc(4, 9));
  const last = await upload('order', UploadId, 2, two);
  await upload('order', UploadId, 1, Buffer.alloc(10));
  const first = await upload('order', UploadId, 1, one);
  const { Parts } = await client.send(new ListPartsCommand({ Bucket, Key: 'order', UploadId }));
  expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
    [1, 5 * MiB],
    [2, 3],
    [9, 4],
  ]);
  await complete('order', UploadId, [
    { PartNumber: 1, ETag: first.ETag },
    { PartNumber: 2, ETag: last.ETag },
  ]);
  expect(await read('order')).toEqual(Buffer.concat([one, two]));
  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'order' }))).Metadata).toEqual({ rows: '3' });
  expect(bodies()).toBe(before + 2);
});

test('a body stays readable to its end while its object is removed, and then goes', async () => {
  const before = bodies();
  const body = randomBytes(12 * MiB);
  await new Upload({ client, params: { Bucket, Key: 'reading', Body: body }, partSize: 5 * MiB }).done();
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'reading' }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'reading' }));
  expect(md5((await Body?.transformToByteArray()) ?? new Uint8Array())).toEqual(md5(body));
  await cloud.clock.idle();
  expect(bodies()).toBe(before);
});

test('a body that is overwritten is removed', async () => {
  const write = (Body: string) => client.send(new PutObjectCommand({ Bucket, Key: 'overwritten', Body }));
  await write('one');
  const before = bodies();
  await write('two');
  expect(bodies()).toBe(before);
});

test('completing again gives the same answer', async () => {
  const UploadId = await create('again');
  const { ETag } = await upload('again', UploadId, 1, Buffer.from('x'));
  const first = await complete('again', UploadId, [{ PartNumber: 1, ETag }]);
  const second = await complete('again', UploadId, [{ PartNumber: 1, ETag }]);
  expect(second.ETag).toBe(first.ETag);
});

test.each([
  ['a part that was never uploaded', [{ PartNumber: 1 }, { PartNumber: 5, ETag: '"x"' }], 'InvalidPart'],
  ['another ETag', [{ PartNumber: 1, ETag: '"other"' }], 'InvalidPart'],
  ['parts out of order', [{ PartNumber: 2 }, { PartNumber: 1 }], 'InvalidPartOrder'],
  ['a small part before the last', [{ PartNumber: 1 }, { PartNumber: 2 }], 'EntityTooSmall'],
  ['no parts', [], 'MalformedXML'],
])('%s: %s', async (_name, listed, name) => {
  const UploadId = await create('wrong');
  const etags = new Map<number, string | undefined>();
  for (const number of [1, 2]) etags.set(number, (await upload('wrong', UploadId, number, Buffer.alloc(number))).ETag);
  const parts = listed.map((part: { PartNumber: number; ETag?: string }) => ({
    PartNumber: part.PartNumber,
    ETag: part.ETag ?? etags.get(part.PartNumber),
  }));
  await expect(complete('wrong', UploadId, parts)).rejects.toMatchObject({ name });
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'wrong', UploadId }));
});

test('an aborted upload is gone with its parts', async () => {
  const before = bodies();
  const UploadId = await create('aborted');
  await upload('aborted', UploadId, 1, Buffer.from('x'));
  const listed = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'abo' }));
  expect(listed.Uploads?.map(({ Key, UploadId: id }) => [Key, id])).toEqual([['aborted', UploadId]]);
  await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'aborted', UploadId }));
  await expect(upload('aborted', UploadId, 2, Buffer.from('x'))).rejects.toMatchObject({ name: 'NoSuchUpload' });
  expect(bodies()).toBe(before);
});

test('parts are copied from objects, whole or in ranges', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'abcdefghij' }));
  const UploadId = await create('assembled');
  const { CopyPartResult } = await client.send(
    new UploadPartCopyCommand({
      Bucket,
      Key: 'assembled',
      UploadId,
      PartNumber: 1,
      CopySource: `${Bucket}/source`,
      CopySourceRange: 'bytes=2-5',
    }),
  );
  await complete('assembled', UploadId, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
  expect((await read('assembled')).toString()).toBe('cdef');
});

test('a completion can insist that nothing is there yet', async () => {
  const UploadId = await create('source');
  const { ETag } = await upload('source', UploadId, 1, Buffer.from('x'));
  const attempt = client.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key: 'source',
      UploadId,
      IfNoneMatch: '*',
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
    }),
  );
  await expect(attempt).rejects.toMatchObject({ name: 'PreconditionFailed' });
});

test('a full-object checksum is that of the whole', async () => {
  const Key = 'full';
  const { UploadId } = await client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' }),
  );
  const part = new UploadPartCommand({
    Bucket,
    Key,
    UploadId,
    PartNumber: 1,
    Body: '123456789',
    ChecksumAlgorithm: 'CRC64NVME',
  });
  const { ETag } = await client.send(part);
  await complete(Key, UploadId, [{ PartNumber: 1, ETag }]);
  const attributes = await client.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key,
      ObjectAttributes: ['Checksum', 'ObjectSize', 'ObjectParts', 'ETag'],
    }),
  );
  expect(attributes).toMatchObject({
    Checksum: { ChecksumCRC64NVME: 'rosUhgp5mIg=', ChecksumType: 'FULL_OBJECT' },
    ObjectSize: 9,
    ObjectParts: { TotalPartsCount: 1 },
  });
});
