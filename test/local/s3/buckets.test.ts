import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AccessRequest, Principal } from '../../../local/iam/principal.ts';
import { AccessDenied } from '../../../local/kernel/errors.ts';
import type { ResourceRequest, ResourceType } from '../../../local/kernel/resource-type.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { kmsService } from '../../../local/kms/service.ts';
import { s3Service } from '../../../local/s3/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const DAY = 24 * 60 * 60 * 1000;
const Bucket = 'data';

let folder: string;
let cloud: TestKernel;
let client: S3Client;
let events: Document[];
let asked: AccessRequest[];
let denied: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-s3-'));
  await start();
});

afterEach(async () => {
  client.destroy();
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  events = [];
  asked = [];
  denied = [];
  const recorder = () => ({
    name: 'recorder',
    operations: {},
    sinks: { putServiceEvent: (event: Document) => void events.push(event) },
  });
  const authorize = (_principal: Principal, requests: readonly AccessRequest[], { code = '' } = {}) => {
    asked.push(...requests);
    for (const { action } of requests) if (denied.includes(action)) throw new AccessDenied(`not ${action}`, { code });
  };
  cloud = await startKernel({ services: [kmsService, s3Service, recorder], folder, authorize });
  client = new S3Client({ ...cloud.client, forcePathStyle: true });
}

function type(name: string): ResourceType {
  const found = cloud.kernel.services.get('s3')?.resourceTypes?.find(({ type }) => type === name);
  if (!found) throw new Error(`no type ${name}`);
  return found;
}
const request = (properties: Document) =>
  ({ properties, physicalName: () => 'stack-data-1' }) as unknown as ResourceRequest;
const create = (properties: Document) => type('AWS::S3::Bucket').create(request({ BucketName: Bucket, ...properties }));
const put = (Key: string, Body = 'x') => client.send(new PutObjectCommand({ Bucket, Key, Body }));

describe('AWS::S3::Bucket', () => {
  test('has what the template declares', async () => {
    const result = await create({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      LoggingConfiguration: { DestinationBucketName: 'logs', LogFilePrefix: 'data/' },
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'old',
            Status: 'Enabled',
            Prefix: 'tmp/',
            ExpirationInDays: 3,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          },
        ],
      },
    });
    expect(result).toEqual({
      physicalId: Bucket,
      attributes: {
        Arn: 'arn:aws:s3:::data',
        DomainName: 'data.s3.amazonaws.com',
        DualStackDomainName: 'data.s3.dualstack.us-east-1.amazonaws.com',
        RegionalDomainName: 'data.s3.us-east-1.amazonaws.com',
        WebsiteURL: 'http://data.s3-website-us-east-1.amazonaws.com',
      },
    });
    expect(await client.send(new GetBucketVersioningCommand({ Bucket }))).toMatchObject({ Status: 'Enabled' });
    expect(await client.send(new GetBucketEncryptionCommand({ Bucket }))).toMatchObject({
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    expect(await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).toMatchObject({
      EventBridgeConfiguration: {},
    });
    expect(await client.send(new GetPublicAccessBlockCommand({ Bucket }))).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
    expect(await client.send(new GetBucketLoggingCommand({ Bucket }))).toMatchObject({
      LoggingEnabled: { TargetBucket: 'logs', TargetPrefix: 'data/' },
    });
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toMatchObject([
      {
        ID: 'old',
        Filter: { Prefix: 'tmp/' },
        Status: 'Enabled',
        Expiration: { Days: 3 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeUndefined();
    expect((await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
  });

  test('refuses what is not implemented by its name', async () => {
    const notifications = { NotificationConfiguration: { QueueConfigurations: [] } };
    await expect(create(notifications)).rejects.toThrow(
      'NotificationConfiguration.QueueConfigurations of AWS::S3::Bucket',
    );
    await expect(client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('is deleted only when it is empty', async () => {
    await create({ VersioningConfiguration: { Status: 'Enabled' } });
    await put('a');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const remove = () =>
      cloud.clock.run('delete', (work) => type('AWS::S3::Bucket').delete({ physicalId: Bucket, properties: {}, work }));
    await expect(remove()).rejects.toMatchObject({ code: 'BucketNotEmpty' });
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    for (const { Key, VersionId } of [...Versions, ...DeleteMarkers]) {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
    await remove();
    await expect(client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  test('an update that takes versioning away suspends it', async () => {
    await create({ VersioningConfiguration: { Status: 'Enabled' } });
    await type('AWS::S3::Bucket').update({ ...request({ BucketName: Bucket }), physicalId: Bucket, previous: {} });
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');
  });
});

test('buckets are made and removed by the API as well', async () => {
  await client.send(new CreateBucketCommand({ Bucket }));
  await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: 'BucketAlreadyOwnedByYou',
  });
  await expect(client.send(new CreateBucketCommand({ Bucket: 'No_Name' }))).rejects.toMatchObject({
    name: 'InvalidBucketName',
  });
  await client.send(new DeleteBucketCommand({ Bucket }));
  await expect(put('a')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  const notification = new PutBucketNotificationConfigurationCommand({
    Bucket,
    NotificationConfiguration: {
      TopicConfigurations: [{ TopicArn: 'arn:aws:sns:us-east-1:000000000000:t', Events: ['s3:ObjectCreated:*'] }],
    },
  });
  await client.send(new CreateBucketCommand({ Bucket }));
  await expect(client.send(notification)).rejects.toThrow('TopicConfiguration in the notifications of an S3 bucket');
});

describe('EventBridge', () => {
  beforeEach(() =>
    create({
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    }),
  );

  test('is told of a new object with its decoded key', async () => {
    const { VersionId, ETag } = await put('churn/training/a b+ü%2B.csv', 'data');
    expect(events).toEqual([
      {
        source: 'aws.s3',
        detailType: 'Object Created',
        resources: ['arn:aws:s3:::data'],
        detail: {
          version: '0',
          bucket: { name: 'data' },
          object: {
            key: 'churn/training/a b+ü%2B.csv',
            size: 4,
            etag: ETag?.replaceAll('"', ''),
            'version-id': VersionId,
            sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
          },
          'request-id': expect.any(String),
          requester: '000000000000',
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      },
    ]);
  });

  test('is told of deletions, by marker and for good', async () => {
    const { VersionId } = await put('a');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId }));
    const types = events.map(({ detailType, detail }) => [detailType, (detail as Document)['deletion-type']]);
    expect(types).toEqual([
      ['Object Created', undefined],
      ['Object Deleted', 'Delete Marker Created'],
      ['Object Deleted', 'Permanently Deleted'],
    ]);
  });

  test('sequencers of a key only grow, over a restart at an earlier time as well', async () => {
    const sequencer = () =>
      events.map(({ detail }) => (detail as { object: { sequencer: string } }).object.sequencer).at(-1) ?? '';
    await put('a');
    const first = sequencer();
    await cloud.clock.advance(30 * DAY);
    await put('a');
    const second = sequencer();
    await cloud.stop();
    await start();
    await put('a');
    expect([first, second, sequencer()]).toEqual([first, second, sequencer()].sort());
    expect(new Set([first, second, sequencer()]).size).toBe(3);
  });
});

describe('permissions', () => {
  beforeEach(() => create({ VersioningConfiguration: { Status: 'Enabled' } }));

  const ask = async (send: () => Promise<unknown>) => {
    asked = [];
    await send();
    return asked.map(({ action, resource }) => `${action} ${resource}`);
  };

  test('each operation asks for its own', async () => {
    const { VersionId } = await put('k');
    expect(await ask(() => put('k'))).toEqual(['s3:PutObject arn:aws:s3:::data/k']);
    const get = (VersionId?: string) => client.send(new GetObjectCommand({ Bucket, Key: 'k', VersionId }));
    expect(await ask(() => get())).toEqual(['s3:GetObject arn:aws:s3:::data/k']);
    expect(await ask(() => get(VersionId))).toEqual(['s3:GetObjectVersion arn:aws:s3:::data/k']);
    expect(await ask(() => client.send(new ListObjectsV2Command({ Bucket, Prefix: 'k' })))).toEqual([
      's3:ListBucket arn:aws:s3:::data',
    ]);
    expect(asked[0]?.context).toMatchObject({ 's3:prefix': 'k' });
    expect(await ask(() => client.send(new ListObjectVersionsCommand({ Bucket })))).toEqual([
      's3:ListBucketVersions arn:aws:s3:::data',
    ]);
    const remove = (VersionId?: string) => client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }));
    expect(await ask(() => remove(VersionId))).toEqual(['s3:DeleteObjectVersion arn:aws:s3:::data/k']);
    expect(await ask(() => remove())).toEqual(['s3:DeleteObject arn:aws:s3:::data/k']);
  });

  test('who may not list does not learn that a key is missing', async () => {
    denied = ['s3:ListBucket'];
    const get = client.send(new GetObjectCommand({ Bucket, Key: 'missing' }));
    await expect(get).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
  });

  test('a refused write leaves nothing behind', async () => {
    denied = ['s3:PutObject'];
    await expect(put('refused')).rejects.toMatchObject({ name: 'AccessDenied' });
    denied = [];
    expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  });

  test('the bucket policy is part of the question', async () => {
    const policy = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' }],
    };
    await type('AWS::S3::BucketPolicy').create(request({ Bucket, PolicyDocument: policy }));
    expect(JSON.parse((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy ?? '')).toEqual(policy);
    await put('k');
    expect(asked.at(-1)?.policy).toEqual(policy);
    await expect(client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{' }))).rejects.toMatchObject({
      name: 'MalformedPolicy',
    });
  });

  test('a customer key needs its own permissions', async () => {
    const keyType = cloud.kernel.services.get('kms')?.resourceTypes?.find(({ type: name }) => name === 'AWS::KMS::Key');
    const Statement = [
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'kms:*', Resource: '*' },
    ];
    const key = await keyType?.create(request({ KeyPolicy: { Version: '2012-10-17', Statement } }));
    const Arn = String(key?.attributes.Arn);
    const byDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Arn };
    const properties = {
      BucketName: Bucket,
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: byDefault }] },
    };
    await type('AWS::S3::Bucket').update({ ...request(properties), physicalId: Bucket, previous: {} });
    expect(await ask(() => put('k'))).toEqual(['s3:PutObject arn:aws:s3:::data/k', `kms:GenerateDataKey ${Arn}`]);
    const get = () => client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await ask(get)).toEqual(['s3:GetObject arn:aws:s3:::data/k', `kms:Decrypt ${Arn}`]);
    expect(await get()).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: Arn });
    denied = ['kms:Decrypt'];
    await expect(get()).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

test('lifecycle rules expire objects, old versions and abandoned uploads', async () => {
  await create({
    VersioningConfiguration: { Status: 'Enabled' },
    LifecycleConfiguration: {
      Rules: [
        { Status: 'Enabled', Prefix: 'tmp/', ExpirationInDays: 3 },
        {
          Status: 'Enabled',
          NoncurrentVersionExpiration: { NoncurrentDays: 10 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        },
        { Status: 'Disabled', ExpirationInDays: 1 },
      ],
    },
  });
  for (const key of ['tmp/a', 'keep', 'keep']) await put(key);
  await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'abandoned' }));
  const shown = async () => {
    const versions = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    return [
      versions.Versions?.map(({ Key }) => Key),
      versions.DeleteMarkers?.length ?? 0,
      uploads.Uploads?.length ?? 0,
    ];
  };
  await cloud.clock.advance(3 * DAY);
  expect(await shown()).toEqual([['keep', 'keep', 'tmp/a'], 0, 1]);
  await cloud.clock.advance(2 * DAY);
  expect(await shown()).toEqual([['keep', 'keep', 'tmp/a'], 1, 1]);
  await cloud.clock.advance(15 * DAY);
  expect(await shown()).toEqual([['keep'], 0, 0]);
});

test('a restart finds buckets, versions and bodies, and removes what nothing refers to', async () => {
  await create({ VersioningConfiguration: { Status: 'Enabled' } });
  const { VersionId } = await put('a', 'one');
  await put('a', 'two');
  const stray = join(
    cloud.store.folder('s3'),
    'data',
    readdirSync(join(cloud.store.folder('s3'), 'data'))[0] ?? '',
    'stray',
  );
  writeFileSync(stray, 'left by a crash');
  await cloud.stop();
  await start();
  const read = async (VersionId?: string) =>
    (await client.send(new GetObjectCommand({ Bucket, Key: 'a', VersionId }))).Body?.transformToString();
  expect([await read(), await read(VersionId)]).toEqual(['two', 'one']);
  expect(readdirSync(join(cloud.store.folder('s3'), 'data'), { recursive: true }).join()).not.toContain('stray');
});

test('other services call with the documented shapes', async () => {
  await create({ VersioningConfiguration: { Status: 'Enabled' } });
  const call = (action: string, input: Document) =>
    cloud.clock.run(action, (work) => cloud.kernel.context.call({ kind: 'cloud' }, 's3', action, input, work));
  const written = await call('PutObject', {
    Bucket,
    Key: 'k',
    Body: '{"a":1}',
    ContentType: 'application/json',
    Metadata: { A: '1' },
  });
  const found = await call('GetObject', { Bucket, Key: 'k' });
  expect(found).toMatchObject({
    ETag: written.ETag,
    VersionId: written.VersionId,
    ContentLength: 7,
    ContentType: 'application/json',
    Metadata: { a: '1' },
    LastModified: expect.any(Date),
  });
  expect(Buffer.from(found.Body as Uint8Array).toString()).toBe('{"a":1}');
  expect(await call('CopyObject', { Bucket, Key: 'copy', CopySource: `${Bucket}/k` })).toMatchObject({
    CopyObjectResult: { ETag: written.ETag },
  });
  expect(await call('ListObjectsV2', { Bucket, Prefix: 'c' })).toMatchObject({
    KeyCount: 1,
    IsTruncated: false,
    Contents: [{ Key: 'copy', Size: 7 }],
  });
  expect(await call('DeleteObject', { Bucket, Key: 'k' })).toMatchObject({ DeleteMarker: true });
  await expect(call('HeadObject', { Bucket, Key: 'k' })).rejects.toMatchObject({ code: 'NoSuchKey' });
  await expect(call('GetObject', { Bucket, Key: 'k', RequestPayer: 'x' })).rejects.toThrow(
    'the parameter RequestPayer of s3:GetObject',
  );
});
