import { describe, expect, test } from 'vitest';
import { canonicalJson, sha256Hex } from '../../domain/canonical-json.ts';
import { appendDecision, type Decision, EMPTY_CHAIN, verifyChain } from '../../domain/decisions.ts';

function chain(length: number): Decision[] {
  const decisions: Decision[] = [];
  for (let index = 1; index <= length; index += 1) {
    const last = decisions.at(-1);
    const end = last ? { sequence: last.sequence, hash: last.hash } : EMPTY_CHAIN;
    decisions.push(
      appendDecision(end, {
        model: 'churn',
        time: `2026-03-0${index}T10:00:00.000Z`,
        kind: 'REGISTERED',
        version: index,
        who: 'gates',
        why: 'all gates passed',
        before: { lastVersion: index - 1 },
        after: { lastVersion: index },
        evidenceSha256: 'e'.repeat(64),
      }),
    );
  }
  return decisions;
}

const whole = chain(4);
const end = { sequence: 4, hash: whole[3]?.hash ?? null };
const [first, second, third, fourth] = whole as [Decision, Decision, Decision, Decision];

describe('verifyChain()', () => {
  test('holds for what was written, and for nothing at all', () => {
    expect(verifyChain(whole, end)).toEqual({ ok: true, decisions: 4 });
    expect(verifyChain([], EMPTY_CHAIN)).toEqual({ ok: true, decisions: 0 });
  });

  test.each<[string, Decision[], number, RegExp]>([
    ['an altered reason', [first, { ...second, why: 'trust me' }, third, fourth], 2, /altered/],
    ['an altered fact', [first, { ...second, after: { lastVersion: 9 } }, third, fourth], 2, /altered/],
    ['a removed decision', [first, third, fourth], 2, /stands where 2 belongs/],
    ['an inserted decision', [first, second, second, third, fourth], 3, /stands where 3 belongs/],
    ['two that swapped places', [first, third, second, fourth], 2, /stands where 2 belongs/],
    ['a tail that was cut off', [first, second, third], 4, /the head has recorded 4/],
    ['all gone', [], 1, /the head has recorded 4/],
    ['a log longer than the head knows', [...whole, ...chain(5).slice(4)], 5, /4 decisions only/],
    ['another model', [first, { ...second, model: 'fraud' }, third, fourth], 2, /of model "fraud"/],
  ])('finds %s', (_, decisions, at, reason) => {
    expect(verifyChain(decisions, end)).toEqual({ ok: false, at, reason: expect.stringMatching(reason) });
  });

  test('finds a decision that was replaced together with its hash', () => {
    const forged = appendDecision({ sequence: 1, hash: first.hash }, { ...second, why: 'trust me' });
    expect(verifyChain([first, forged, third, fourth], end)).toMatchObject({ ok: false, at: 3 });
  });

  test('finds a last decision that was replaced together with its hash', () => {
    const forged = appendDecision({ sequence: 3, hash: third.hash }, { ...fourth, why: 'trust me' });
    expect(verifyChain([first, second, third, forged], end)).toMatchObject({
      ok: false,
      at: 4,
      reason: /head has recorded/,
    });
  });

  test('survives a store that keeps keys in another order', () => {
    const shuffled = whole.map((decision) => Object.fromEntries(Object.entries(decision).reverse()) as Decision);
    expect(verifyChain(shuffled, end).ok).toBe(true);
  });
});

describe('canonicalJson()', () => {
  test('writes one text whatever the order of keys', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'é' }], a: 1e21, '€': true, skip: undefined })).toBe(
      '{"a":1e+21,"b":[1,{"c":"é","d":null}],"€":true}',
    );
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, '\ud800', () => 1])('refuses %s', (value) => {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  });

  test('hashes as everyone does', () => {
    expect(sha256Hex('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});
