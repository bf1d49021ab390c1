import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { s3Service } from '../../../local/s3/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const Bucket = 'listing';
const KEYS = ['a/1', 'a/2', 'a/b/1', 'b', 'c d+e', 'c/', 'c/x', 'é', '\uffee', '💾'];

let cloud: TestKernel;
let client: S3Client;

beforeAll(async () => {
  cloud = await startKernel({ services: [s3Service] });
  client = new S3Client({ ...cloud.client, forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  for (const Key of [...KEYS].reverse()) await client.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'deleted/x', Body: 'x' }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'deleted/x' }));
});

afterAll(async () => {
  client.destroy();
  await cloud.stop();
});

const list = async (parameters: Partial<ListObjectsV2CommandInput>) => {
  const {
    Contents = [],
    CommonPrefixes = [],
    ...rest
  } = await client.send(new ListObjectsV2Command({ Bucket, ...parameters }));
  return { keys: Contents.map(({ Key }) => Key), prefixes: CommonPrefixes.map(({ Prefix }) => Prefix), ...rest };
};

test('keys come in the order of their UTF-8 bytes, without deleted ones', async () => {
  const { keys, KeyCount } = await list({});
  expect(keys).toEqual(KEYS);
  expect(KeyCount).toBe(KEYS.length);
});

test('a delimiter folds keys into prefixes', async () => {
  expect(await list({ Delimiter: '/' })).toMatchObject({
    keys: ['b', 'c d+e', 'é', '\uffee', '💾'],
    prefixes: ['a/', 'c/'],
  });
  expect(await list({ Delimiter: '/', Prefix: 'a/' })).toMatchObject({ keys: ['a/1', 'a/2'], prefixes: ['a/b/'] });
});

test.each([1, 2, 3, 7])('pages of %i hold everything once, in order', async (pageSize) => {
  const seen: (string | undefined)[] = [];
  for await (const page of paginateListObjectsV2({ client, pageSize }, { Bucket, Delimiter: '/' })) {
    expect((page.Contents?.length ?? 0) + (page.CommonPrefixes?.length ?? 0)).toBeLessThanOrEqual(pageSize);
    const found = [
      ...(page.Contents ?? []).map(({ Key }) => Key),
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
    ];
    seen.push(...found);
  }
  expect(seen.sort()).toEqual(['a/', 'b', 'c d+e', 'c/', 'é', '\uffee', '💾'].sort());
});

test('StartAfter and the marker of the first API skip what was seen', async () => {
  expect((await list({ StartAfter: 'b' })).keys).toEqual(KEYS.slice(KEYS.indexOf('b') + 1));
  const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }));
  expect([first.IsTruncated, first.NextMarker]).toEqual([true, 'a/']);
  const second = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1, Marker: 'a/' }));
  expect(second.Contents?.map(({ Key }) => Key)).toEqual(['b']);
});

test('keys are URL-encoded on request', async () => {
  const { keys, EncodingType } = await list({ EncodingType: 'url', Prefix: 'c' });
  expect(EncodingType).toBe('url');
  expect(keys).toEqual(['c+d%2Be', 'c/', 'c/x']);
});

test('no keys, and a token of nobody', async () => {
  expect(await list({ MaxKeys: 0 })).toMatchObject({ keys: [], IsTruncated: false });
  expect(await list({ Prefix: 'nothing' })).toMatchObject({ keys: [], KeyCount: 0 });
  await expect(list({ ContinuationToken: 'abc' })).rejects.toMatchObject({
    name: 'InvalidArgument',
    message: 'The continuation token provided is incorrect',
  });
});

test('versions and delete markers page through a key', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'deleted/x', Body: 'y' }));
  const seen: string[] = [];
  let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
  for (let pages = 0; pages < 3; pages++) {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: 'deleted/', MaxKeys: 1, ...markers }),
    );
    seen.push(...(page.Versions ?? []).map(({ IsLatest }) => `version ${IsLatest}`));
    seen.push(...(page.DeleteMarkers ?? []).map(({ IsLatest }) => `marker ${IsLatest}`));
    expect(page.IsTruncated).toBe(pages < 2);
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  expect(seen).toEqual(['version true', 'marker false', 'version false']);
});
