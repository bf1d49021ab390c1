import { describe, expect, test } from 'vitest';
import { captureLine, isSampled, MAX_CAPTURED, MAX_LINE_BYTES } from '../../../domain/capture.ts';
import { type AnsweredRequest, capture, captureLines, captureVariable } from '../../../lambdas/predict/capture.ts';

const everything = { sample: 1, redact: [] };
const now = () => new Date('2026-11-23T10:20:30.000Z');
const request = (over: Partial<AnsweredRequest> = {}): AnsweredRequest => ({
  request_id: '5f1c8f0a-6f52-4f0b-9f0e-0a8d8f5f3c11',
  model: 'churn',
  model_version: '1.4.2',
  version: 42,
  function_version: '7',
  instances: [{ age: 40, plan: 'basic' }],
  predictions: [{ label: 'yes', score: 0.9, probabilities: { no: 0.1, yes: 0.9 } }],
  ...over,
});
const many = (size: number, instance: (index: number) => object = (index) => ({ age: index })) =>
  request({
    instances: Array.from({ length: size }, (_, index) => instance(index)),
    predictions: Array.from({ length: size }, (_, index) => ({ value: index })),
  });
const read = (lines: readonly string[]) => lines.map((line) => captureLine.parse(JSON.parse(line)));

describe('the lines of a captured request', () => {
  test('hold what was asked, what was answered and by whom, and nothing else', () => {
    const { lines, counts } = captureLines(request(), everything, now);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 'INFO',
        message: 'capture',
        timestamp: '2026-11-23T10:20:30.000Z',
        request_id: '5f1c8f0a-6f52-4f0b-9f0e-0a8d8f5f3c11',
        model: 'churn',
        model_version: '1.4.2',
        version: 42,
        function_version: '7',
        first: 0,
        left_out: 0,
        instances: [{ age: 40, plan: 'basic' }],
        predictions: [{ label: 'yes', score: 0.9, probabilities: { no: 0.1, yes: 0.9 } }],
      },
    ]);
    expect(counts).toEqual({ captured: 1, sampled_out: 0, left_out: 0 });
  });

  test('keep null, empty text, numbers of any size and names of any kind as they came', () => {
    const instance = JSON.parse('{"a":null,"b":"","c":1e300,"__proto__":"x","d e\\"f":true}') as object;
    const [line] = read(
      captureLines(
        many(1, () => instance),
        everything,
      ).lines,
    );
    expect(JSON.stringify(line?.instances[0])).toBe(JSON.stringify(instance));
  });

  test('lack redacted fields wherever they stand, and say that they do', () => {
    const instance = { age: 40, email: 'canary@example.com', 'tax id': 'canary-2' };
    const { lines, counts } = captureLines(
      many(3, () => instance),
      { sample: 1, redact: ['email', 'tax id'] },
    );
    expect(lines.join()).not.toMatch(/canary/);
    expect(read(lines)[0]).toMatchObject({
      instances: [{ age: 40 }, { age: 40 }, { age: 40 }],
      redacted: ['email', 'tax id'],
    });
    expect(counts.captured).toBe(3);
  });

  test('end after a hundred instances; the rest is counted once', () => {
    const { lines, counts } = captureLines(many(1_000), everything);
    const captured = read(lines);
    expect(captured.flatMap(({ instances }) => instances)).toHaveLength(MAX_CAPTURED);
    expect(captured.map(({ left_out }) => left_out)).toEqual([900]);
    expect(counts).toEqual({ captured: 100, sampled_out: 0, left_out: 900 });
  });

  test('are never longer than 200 KB, in bytes and not in characters, and lose nothing at their seams', () => {
    const { lines, counts } = captureLines(
      many(90, (index) => ({ index, text: '木'.repeat(4_000) })),
      everything,
    );
    expect(lines.length).toBeGreaterThan(4);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(MAX_LINE_BYTES);
    const found = read(lines).flatMap(({ first, instances, predictions }) =>
      instances.map(({ index }, place) => ({ index, id: first + place, value: predictions[place]?.value })),
    );
    expect(found).toEqual(Array.from({ length: 90 }, (_, index) => ({ index, id: index, value: index })));
    expect(counts).toEqual({ captured: 90, sampled_out: 0, left_out: 0 });
  });

  test('leave out an instance that no line can hold, and keep the ids of its neighbours', () => {
    const { lines, counts } = captureLines(
      many(5, (index) => (index === 2 ? { long: 'x'.repeat(250_000) } : { index })),
      everything,
    );
    const found = read(lines);
    expect(found.map(({ first, instances, left_out }) => [first, instances.length, left_out])).toEqual([
      [0, 2, 1],
      [3, 2, 0],
    ]);
    expect(counts).toEqual({ captured: 4, sampled_out: 0, left_out: 1 });
  });

  test('count what was left out even when nothing else is to be told', () => {
    const { lines, counts } = captureLines(
      many(1, () => ({ long: 'x'.repeat(250_000) })),
      everything,
    );
    expect(read(lines)).toMatchObject([{ instances: [], predictions: [], left_out: 1 }]);
    expect(counts).toEqual({ captured: 0, sampled_out: 0, left_out: 1 });
  });
});

describe('the sample', () => {
  const ids = Array.from(
    { length: 20_000 },
    (_, index) => `5f1c8f0a-6f52-4f0b-9f0e-${String(index).padStart(12, '0')}`,
  );

  test('takes its share of the requests, and of similar ids too', () => {
    for (const share of [0.01, 0.1, 0.5, 0.99]) {
      const taken = ids.filter((id) => isSampled(id, share)).length;
      expect(Math.abs(taken / ids.length - share), `a share of ${share}`).toBeLessThan(0.015);
    }
    expect(ids.every((id) => isSampled(id, 1))).toBe(true);
    expect(ids.some((id) => isSampled(id, 0))).toBe(false);
  });

  test('decides a request by its id, and a larger share keeps what a smaller one took', () => {
    const small = ids.filter((id) => isSampled(id, 0.1));
    expect(small.every((id) => isSampled(id, 0.1) && isSampled(id, 0.3))).toBe(true);
  });

  test('adds up with what was captured and left out to all instances, whatever a request holds', () => {
    let [captured, sampledOut, leftOut, asked] = [0, 0, 0, 0];
    for (const [index, request_id] of ids.slice(0, 300).entries()) {
      const size = 1 + ((index * 37) % 250);
      const { counts, lines } = captureLines({ ...many(size), request_id }, { sample: 0.4, redact: [] });
      asked += size;
      captured += counts.captured;
      sampledOut += counts.sampled_out;
      leftOut += counts.left_out;
      const inLines = read(lines).reduce((sum, { instances }) => sum + instances.length, 0);
      expect(inLines).toBe(counts.captured);
    }
    expect(captured + sampledOut + leftOut).toBe(asked);
    expect(Math.min(captured, sampledOut, leftOut)).toBeGreaterThan(0);
  });
});

test('an instance that cannot be written costs its caller nothing but the capture', () => {
  let deep: unknown = 'canary';
  for (let level = 0; level < 20_000; level += 1) deep = [deep];
  expect(
    capture(
      many(2, () => ({ ignored: deep })),
      everything,
    ),
  ).toEqual({ captured: 0, sampled_out: 0, left_out: 2 });
});

test('the variable is refused by what is wrong with it, and its absence captures nothing', () => {
  expect(captureVariable.parse('{"sample":0.5,"redact":["a"]}')).toEqual({ sample: 0.5, redact: ['a'] });
  expect(captureVariable.parse(undefined)).toBeUndefined();
  expect(captureVariable.safeParse('{').error?.issues[0]?.message).toBe('expected JSON');
  expect(captureVariable.safeParse('{"sample":2,"redact":[]}').success).toBe(false);
});
