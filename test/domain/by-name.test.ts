import { expect, test } from 'vitest';
import * as z from 'zod';
import { byName } from '../../domain/by-name.ts';
import { goldenMismatch, goldenSchema } from '../../domain/golden.ts';
import { scoresSchema } from '../../domain/scores.ts';

const NAMES = ['__proto__', 'constructor', 'toString', ''];

test('byName() keeps every name that data may hold', () => {
  const text = `{${NAMES.map((name, index) => `${JSON.stringify(name)}:${index}`).join(',')}}`;
  const parsed = byName(z.number()).parse(JSON.parse(text));
  expect(Object.entries(parsed)).toEqual(NAMES.map((name, index) => [name, index]));
  expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
});

test('byName() says where a value does not fit', () => {
  const parsed = z
    .object({ columns: byName(z.array(z.number())) })
    .safeParse({ columns: { __proto_: [], a: [1, 'x'] } });
  expect(parsed.error?.issues.map(({ path }) => path)).toEqual([['columns', 'a', 1]]);
  expect(byName(z.number()).safeParse([1]).success).toBe(false);
});

test('golden rows and scores keep a column and a class that are called __proto__', () => {
  const golden = goldenSchema.parse(
    JSON.parse(`{"model":"m","runId":"r","artifactSha256":"a","rows":[
      {"instance":{"__proto__":1},"prediction":{"label":"__proto__","probabilities":{"__proto__":0.9,"b":0.1}}}]}`),
  );
  expect(Object.keys(golden.rows[0]?.instance ?? {})).toEqual(['__proto__']);
  const answer = (share: number) =>
    JSON.parse(`{"label":"__proto__","probabilities":{"__proto__":${share},"b":${1 - share}}}`) as unknown;
  expect(goldenMismatch(golden, [answer(0.9)])).toBeNull();
  expect(goldenMismatch(golden, [answer(0.2)])).toContain('golden row 1');
  const scores = scoresSchema.parse(
    JSON.parse('{"kind":"regression","truth":[1],"challenger":[1],"champion":null,"attributes":{"__proto__":["x"]}}'),
  );
  expect(Object.entries(scores.attributes)).toEqual([['__proto__', ['x']]]);
});
