import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Service } from '../../../local/s3/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const missing = awsIsMissing();

/** The command that people have, against the endpoint that they would name. */
describe.skipIf(missing)(missing ? 'aws s3: the aws command is not installed' : 'aws s3', () => {
  let cloud: TestKernel;
  let folder: string;

  beforeAll(async () => {
    cloud = await startKernel({ services: [s3Service] });
    folder = mkdtempSync(join(tmpdir(), 'sluice-aws-'));
    await aws('s3', 'mb', 's3://data');
    await aws('s3api', 'put-bucket-versioning', '--bucket', 'data', '--versioning-configuration', 'Status=Enabled');
  });

  afterAll(async () => {
    await cloud.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function aws(...args: string[]): Promise<string> {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: cloud.client.endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    return (await promisify(execFile)('aws', args, { env })).stdout;
  }

  test('cp, ls and rm with a key that needs quoting', async () => {
    const file = join(folder, "a b+ü'.csv");
    writeFileSync(file, 'id,churned\n1,yes\n');
    await aws('s3', 'cp', file, 's3://data/churn/training/', '--only-show-errors');
    expect(await aws('s3', 'ls', 's3://data/churn/training/')).toContain("17 a b+ü'.csv");
    expect(await aws('s3', 'cp', "s3://data/churn/training/a b+ü'.csv", '-')).toBe('id,churned\n1,yes\n');
    await aws('s3', 'rm', "s3://data/churn/training/a b+ü'.csv");
    const listed = JSON.parse(await aws('s3api', 'list-object-versions', '--bucket', 'data', '--output', 'json'));
    expect(listed).toMatchObject({ Versions: [{ IsLatest: false, Size: 17 }], DeleteMarkers: [{ IsLatest: true }] });
  });

  test('a large file goes up and down in parts', async () => {
    const [up, down] = [join(folder, 'up.bin'), join(folder, 'down.bin')];
    const body = randomBytes(40 * 1024 ** 2);
    writeFileSync(up, body);
    await aws('s3', 'cp', up, 's3://data/large.bin', '--only-show-errors');
    const head = JSON.parse(
      await aws('s3api', 'head-object', '--bucket', 'data', '--key', 'large.bin', '--output', 'json'),
    );
    expect(head.ETag).toMatch(/-5"$/);
    await aws('s3', 'cp', 's3://data/large.bin', down, '--only-show-errors');
    expect(readFileSync(down).equals(body)).toBe(true);
  });

  test('sync copies what is new and nothing else', async () => {
    const local = join(folder, 'tree');
    mkdirSync(join(local, 'nested'), { recursive: true });
    writeFileSync(join(local, 'one.csv'), '1');
    writeFileSync(join(local, 'nested', 'two.csv'), '2');
    const long = new Date('2025-01-01');
    for (const name of ['one.csv', 'nested/two.csv']) utimesSync(join(local, name), long, long);
    const first = await aws('s3', 'sync', local, 's3://data/tree', '--no-progress');
    expect(first.match(/^upload:/gm)).toHaveLength(2);
    expect(await aws('s3', 'sync', local, 's3://data/tree', '--no-progress')).toBe('');
    await aws('s3', 'rm', 's3://data/tree', '--recursive', '--only-show-errors');
    expect(await aws('s3', 'ls', 's3://data/')).not.toContain('tree');
  });

  test.each(['s3', 's3v4'])('a URL presigned by %s is good until it expires', async (version) => {
    mkdirSync(join(folder, '.aws'), { recursive: true });
    writeFileSync(join(folder, '.aws', 'config'), `[default]\ns3 =\n  signature_version = ${version}\n`);
    const file = join(folder, 'presigned.txt');
    writeFileSync(file, 'through a link');
    await aws('s3', 'cp', file, 's3://data/presigned.txt', '--only-show-errors');
    const url = (await aws('s3', 'presign', 's3://data/presigned.txt', '--expires-in', '60')).trim();
    expect(await (await fetch(url)).text()).toBe('through a link');
    const expired = url.replace(/X-Amz-Date=\d{4}/, 'X-Amz-Date=2001').replace(/Expires=\d{10}/, 'Expires=1000000000');
    expect(expired).not.toBe(url);
    expect((await fetch(expired)).status).toBe(403);
  });
});

function awsIsMissing(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    return true;
  }
}
