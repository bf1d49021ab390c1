import { expect, test } from 'vitest';
import { countPredictions, freezeBins } from '../../../domain/rollout/prediction-bins.ts';
import type { Scores } from '../../../domain/scores.ts';
import { binaryScores } from '../../support/domain-builders.ts';

test('scores: twenty bins of the champion, equally full', () => {
  const scores = binaryScores({ rows: 2000 });
  const frozen = freezeBins(scores);
  expect(frozen?.count).toBe(20);
  const counts = countPredictions(
    frozen?.bins ?? { kind: 'number', edges: [0] },
    scores.kind === 'binary' ? (scores.champion ?? []) : [],
  );
  expect(new Set(counts)).toEqual(new Set([100]));
});

test('the shift that the gates saw is accepted, with what chance may have hidden', () => {
  const base = binaryScores({ rows: 2000 });
  if (base.kind !== 'binary' || !base.champion) throw new Error('not binary');
  const same = freezeBins({ ...base, challenger: base.champion });
  const moved = freezeBins({ ...base, challenger: base.champion.map((score) => score ** 1.5) });
  expect(same?.accepted).toBeLessThan(0.03);
  expect(moved?.accepted).toBeGreaterThan(0.05);
});

test('labels: the frequent ones, and one bin for all others', () => {
  const one = (label: number) => [0, 1, 2, 3].map((index) => (index === label ? 1 : 0));
  const champion = Array.from({ length: 100 }, (_, row) => one(row < 60 ? 1 : row < 94 ? 0 : row < 98 ? 2 : 3));
  const scores: Scores = {
    kind: 'multiclass',
    classes: ['a', 'b', 'c', 'd'],
    truth: champion.map(() => 0),
    challenger: champion,
    champion,
    attributes: {},
  };
  const frozen = freezeBins(scores);
  expect(frozen?.bins).toEqual({ kind: 'label', labels: ['b', 'a'] });
  expect(countPredictions({ kind: 'label', labels: ['b', 'a'] }, ['a', 'b', 'b', 'd', 'new'])).toEqual([2, 1, 2]);
});

test('numbers: ties stay in one bin', () => {
  const champion = Array.from({ length: 100 }, (_, row) => (row < 50 ? 0 : row));
  const scores: Scores = { kind: 'regression', truth: champion, challenger: champion, champion, attributes: {} };
  const frozen = freezeBins(scores);
  expect(frozen?.count).toBe(11);
  expect(countPredictions(frozen?.bins ?? { kind: 'label', labels: [''] }, champion)[0]).toBe(50);
});

test('without a champion, or with one that always says the same, there is nothing to compare', () => {
  expect(freezeBins(binaryScores({ rows: 100, noise: { challenger: 0.5, champion: null } }))).toBeNull();
  const constant = new Array<number>(100).fill(0.5);
  expect(
    freezeBins({ kind: 'regression', truth: constant, challenger: constant, champion: constant, attributes: {} }),
  ).toBeNull();
});
