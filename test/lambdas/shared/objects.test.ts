import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DependencyUnavailable, InvalidArtifact } from '../../../domain/errors.ts';
import { type ObjectStore, s3Objects } from '../../../lambdas/shared/objects.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const body = Buffer.from('{"a":1}\n');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const refuse =
  (status: number, code: string): Answer =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
  };
const give: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': body.byteLength });
  response.end(body);
};
const breakOff: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': body.byteLength });
  response.write(body.subarray(0, 3), () => response.destroy());
};

let server: Server;
let objects: ObjectStore;
let folder: string;
let answers: Answer[];
let seen: { method: string; url: string; bytes: number }[];
const at = { bucket: 'b', key: 'k/ä b.json', versionId: 'v1' };

beforeEach(async () => {
  answers = [];
  seen = [];
  folder = await mkdtemp(join(tmpdir(), 'sluice-objects-'));
  server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
    });
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', bytes });
      (answers.shift() ?? give)(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  objects = s3Objects(
    new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    }),
  );
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

describe('s3Objects()', () => {
  test('reads the pinned version, by path', async () => {
    expect(await objects.getJson(at, z.object({ a: z.number() }))).toEqual({ a: 1 });
    expect(seen[0]?.url).toBe('/b/k/%C3%A4%20b.json?versionId=v1&x-id=GetObject');
  });

  test('what is not there or does not fit is an invalid artifact', async () => {
    answers = [refuse(404, 'NoSuchKey'), refuse(404, 'NoSuchVersion')];
    await expect(objects.getBytes(at)).rejects.toThrow(InvalidArtifact);
    await expect(objects.getBytes(at)).rejects.toThrow('s3://b/k/ä b.json does not exist');
    await expect(objects.getJson(at, z.object({ b: z.number() }))).rejects.toThrow(/does not fit: b:/);
    await expect(objects.getBytes(at, { maxBytes: 7 })).rejects.toThrow('holds 8 bytes; at most 7 are read');
  });

  test('a refusal keeps its name, so that a missing permission is seen as one', async () => {
    answers = [refuse(403, 'AccessDenied')];
    await expect(objects.getBytes(at)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(seen.length).toBe(1);
  });

  test('a body that breaks off is read again, three times in all', async () => {
    const file = join(folder, 'down');
    answers = [breakOff, breakOff];
    expect(await objects.download(at, file)).toEqual({ bytes: 8, sha256: sha256(body) });
    expect(await readFile(file)).toEqual(body);
    answers = [breakOff, breakOff, breakOff];
    await expect(objects.download(at, file)).rejects.toThrow(DependencyUnavailable);
  });

  test('a large file goes up in parts and comes with its digest', async () => {
    const file = join(folder, 'up');
    const bytes = Buffer.alloc(20 * 1024 ** 2, 'sluice');
    await writeFile(file, bytes);
    const initiated: Answer = (_request, response) =>
      response.end('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>');
    const part: Answer = (_request, response) => {
      response.setHeader('etag', '"e"');
      response.end();
    };
    const completed: Answer = (_request, response) => {
      response.setHeader('x-amz-version-id', 'v9');
      response.end('<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>');
    };
    answers = [initiated, part, part, part, completed];
    const stored = await objects.upload(file, { bucket: 'b', key: 'k' });
    expect(stored).toEqual({ bytes: bytes.byteLength, sha256: sha256(bytes), versionId: 'v9' });
    expect(seen.map(({ method }) => method)).toEqual(['POST', 'PUT', 'PUT', 'PUT', 'POST']);
  });
});
