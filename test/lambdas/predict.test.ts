import { beforeAll, describe, expect, test } from 'vitest';
import { InvalidArtifact } from '../../domain/errors.ts';
import { answer, type Served, shape } from '../../lambdas/predict/predict.ts';
import { MAX_INSTANCES } from '../../lambdas/predict/request.ts';
import { modelVariable, servedModel } from '../../lambdas/predict/served.ts';
import type { ObjectLocation } from '../../lambdas/shared/objects.ts';
import { problem, trained } from '../support/training-data.ts';

const GOOD = { age: 40, plan: 'basic', member: 'yes' };
const call = { model: 'churn', requestId: 'req-1' };
let run: Awaited<ReturnType<typeof trained>>;
let served: Served;
beforeAll(async () => {
  run = await trained(problem('binary'));
  served = (await servedModel(reference(), run.objects).get()) as Served;
});

const reference = () => ({ ...run.candidate.artifact, version: 7, semver: '1.4.2' });
const url = (body: unknown, more: object = {}) => ({
  version: '2.0',
  requestContext: { http: { method: 'POST', path: '/' } },
  body: typeof body === 'string' ? body : JSON.stringify(body),
  isBase64Encoded: false,
  ...more,
});
type HttpAnswer = { statusCode?: number; body?: string };
const ask = (event: unknown, of: Served | null = served) => shape(answer(event, of, call)) as HttpAnswer;

describe('a direct invocation', () => {
  test('is answered with the predictions themselves', () => {
    const payload = ask({ instances: [GOOD, { ...GOOD, age: 70 }] });
    expect(payload).toEqual({
      predictions: [
        expect.objectContaining({ label: expect.any(String), score: expect.any(Number) }),
        expect.anything(),
      ],
      model: 'churn',
      model_version: '1.4.2',
      inference_ids: ['req-1-0', 'req-1-1'],
    });
  });

  test('with a bad instance is answered with the status and the error', () => {
    expect(ask({ instances: [GOOD, { ...GOOD, age: 'old' }] })).toEqual({
      statusCode: 400,
      error: {
        code: 'InvalidInstance',
        message: 'Instance 1, field "age": expected a finite number, current value is "old"',
        field: 'age',
        index: 1,
      },
    });
  });
});

describe('a request to the URL', () => {
  test('is answered alike, as text or in base64', () => {
    const body = JSON.stringify({ instances: [{ ...GOOD, plan: 'größer 木' }] });
    const plain = ask(url(body));
    const encoded = ask(url(Buffer.from(body).toString('base64'), { isBase64Encoded: true }));
    expect(plain).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    expect(encoded).toEqual(plain);
    expect(JSON.parse(plain.body ?? '')).toEqual(ask({ instances: [{ ...GOOD, plan: 'größer 木' }] }));
  });

  test.each([
    ['no JSON', '{"instances":', 400, 'InvalidRequest', 'the body is not JSON'],
    ['no body', '', 400, 'InvalidRequest', 'expected a JSON body, the request has none'],
    [
      'no instances',
      '{"rows":[]}',
      400,
      'InvalidRequest',
      'expected an object with a list "instances": {"instances":[{...}]}',
    ],
    ['null', 'null', 400, 'InvalidRequest', 'expected an object with a list "instances": {"instances":[{...}]}'],
    [
      'one instance that is no list',
      '{"instances":{"age":4}}',
      400,
      'InvalidRequest',
      'expected an object with a list "instances": {"instances":[{...}]}',
    ],
    [
      'empty instances',
      '{"instances":[]}',
      400,
      'InvalidRequest',
      'expected at least one instance, "instances" is empty',
    ],
  ])('with %s is a %i', (_, body, statusCode, code, message) => {
    const response = ask(url(body));
    expect(response.statusCode).toBe(statusCode);
    expect(JSON.parse(response.body ?? '')).toEqual({ error: { code, message } });
  });

  test('with more instances than a request may have is a 413 that names the limit', () => {
    const response = ask(url({ instances: new Array(MAX_INSTANCES + 1).fill(GOOD) }));
    expect(response).toMatchObject({ statusCode: 413 });
    expect(JSON.parse(response.body ?? '').error.message).toBe(
      'expected at most 1000 instances in a request, current count is 1001',
    );
    expect(ask(url({ instances: new Array(MAX_INSTANCES).fill(GOOD) }))).toMatchObject({ statusCode: 200 });
  });

  test('by another method is a 405', () => {
    const event = url('', { requestContext: { http: { method: 'GET' } } });
    expect(ask(event)).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } });
  });

  test('before the first champion is a 503', () => {
    const response = ask(url({ instances: [GOOD] }), null);
    expect(response.statusCode).toBe(503);
    expect(JSON.parse(response.body ?? '').error).toMatchObject({ code: 'NoChampion' });
    expect(ask({ instances: [GOOD] }, null)).toMatchObject({ statusCode: 503, error: { code: 'NoChampion' } });
  });
});

test('what is not the fault of the caller is thrown, so that Lambda counts it', () => {
  const broken: Served = {
    semver: '1.0.0',
    model: {
      ...served.model,
      predict: () => {
        throw aborted();
      },
    },
  };
  expect(() => ask({ instances: [GOOD] }, broken)).toThrow('unreachable');
});

describe('the served model', () => {
  test('is none while the variable is empty, and a broken variable is refused by name of what is expected', async () => {
    expect(modelVariable.parse('')).toBeNull();
    expect(await servedModel(null, run.objects).get()).toBeNull();
    expect(modelVariable.safeParse('{').error?.issues[0]?.message).toBe('expected empty text or JSON');
    expect(modelVariable.safeParse('{"bucket":"b"}').success).toBe(false);
  });

  test('is never loaded from an altered or absent artifact', async () => {
    const altered = Uint8Array.from(run.bytes);
    altered[500] = (altered[500] ?? 0) ^ 1;
    let reads = 0;
    const objects = {
      getBytes: async () => {
        reads += 1;
        return altered;
      },
    };
    const model = servedModel(reference(), objects);
    await expect(model.get()).rejects.toThrow(InvalidArtifact);
    await expect(model.get()).rejects.toThrow(InvalidArtifact);
    expect(reads).toBe(1);
    await expect(servedModel({ ...reference(), key: 'gone' }, run.objects).get()).rejects.toThrow(InvalidArtifact);
  });

  test('is served again a minute after the right artifact was put back', async () => {
    let stored: Uint8Array = Uint8Array.from(run.bytes, (byte, at) => (at === 500 ? byte ^ 1 : byte));
    let time = 0;
    const model = servedModel(reference(), { getBytes: async () => stored }, () => time);
    await expect(model.get()).rejects.toThrow(InvalidArtifact);
    stored = run.bytes;
    time = 59_000;
    await expect(model.get()).rejects.toThrow(InvalidArtifact);
    time = 61_000;
    expect(await model.get()).toMatchObject({ semver: '1.4.2' });
    time = 200_000;
    stored = new Uint8Array();
    expect(await model.get()).toMatchObject({ semver: '1.4.2' });
  });

  test('is tried again after a failure that may pass, and after the model itself broke', async () => {
    let reads = 0;
    const objects = {
      getBytes: async (from: ObjectLocation) => {
        reads += 1;
        if (reads === 1) throw new Error('S3 did not answer');
        return run.objects.getBytes(from);
      },
    };
    const model = servedModel(reference(), objects);
    await expect(model.get()).rejects.toThrow('S3 did not answer');
    expect(await model.get()).not.toBeNull();
    model.failed(new Error('something else'));
    await model.get();
    expect(reads).toBe(2);
    model.failed(aborted());
    await model.get();
    expect(reads).toBe(3);
  });
});

/** What WebAssembly throws when its module aborts. */
const aborted = () => Object.assign(new Error('unreachable'), { name: 'RuntimeError' });
