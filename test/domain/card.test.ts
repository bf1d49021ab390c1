import { describe, expect, test } from 'vitest';
import { cardSchema } from '../../domain/card.ts';
import { cardHtml } from '../../domain/card-html.ts';
import type { Scores } from '../../domain/scores.ts';
import { cardOf } from '../support/cards.ts';
import { binaryScores, regressionScores } from '../support/domain-builders.ts';

const attributes = (row: number) => ({ plan: row % 2 ? 'basic' : 'pro' });

describe('buildCard()', () => {
  test('is data that its schema takes back', () => {
    const card = cardOf(binaryScores({ rows: 500, attributes }));
    expect(cardSchema.parse(JSON.parse(JSON.stringify(card)))).toEqual(card);
  });

  test('stays small whatever the number of rows', () => {
    expect(JSON.stringify(cardOf(binaryScores({ rows: 20_000 }))).length).toBeLessThan(20_000);
    expect(JSON.stringify(cardOf(regressionScores({ rows: 20_000 }))).length).toBeLessThan(40_000);
  });

  test('draws a ROC curve from corner to corner that never falls', () => {
    const { charts } = cardOf(binaryScores({ rows: 3000 }));
    const curve = charts.kind === 'binary' ? charts.roc.challenger : [];
    expect([curve[0], curve.at(-1)]).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(curve.every(([x, y], index) => x >= (curve[index - 1]?.[0] ?? 0) && y >= (curve[index - 1]?.[1] ?? 0))).toBe(
      true,
    );
  });

  test('counts a confusion matrix by true class', () => {
    const scores: Scores = {
      kind: 'multiclass',
      classes: ['a', 'b'],
      truth: [0, 0, 0, 1],
      challenger: [
        [0.9, 0.1],
        [0.6, 0.4],
        [0.2, 0.8],
        [0.3, 0.7],
      ],
      champion: null,
      attributes: {},
    };
    expect(cardOf(scores, { kind: 'multiclass', name: 'kind', classes: ['a', 'b'] }).charts).toMatchObject({
      confusion: [
        [2, 1],
        [0, 1],
      ],
      omitted: 0,
    });
  });
});

describe('cardHtml()', () => {
  test('tells verdicts, metrics, slices, features, data, lineage and decisions', () => {
    const page = cardHtml(cardOf(binaryScores({ rows: 800, attributes })));
    for (const part of [
      'Verdicts',
      'Performance',
      'Slices',
      'What it looks at',
      'Data',
      'Where it comes from',
      'Decisions so far',
    ]) {
      expect(page).toContain(`<h2>${part}</h2>`);
    }
    expect(page).toContain('lower is better');
    expect(page).toContain('4f1c0de');
    expect(page).toContain('0123456789abcdef'.repeat(4));
  });

  test('needs nothing but itself', () => {
    const page = cardHtml(cardOf(binaryScores({ rows: 200 })));
    expect(page).not.toMatch(/<script|<link|<iframe|\ssrc=|@import|url\(|https?:\/\//i);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain('prefers-color-scheme:dark');
  });

  const hostile = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    '&lt;b&gt;',
    '{{7*7}}',
    '\u202egnp.exe',
  ];

  test.each(hostile)('escapes %s wherever it stands', (text) => {
    const scores = binaryScores({ rows: 400, attributes: (row) => ({ [text]: row % 2 ? text : 'other' }) });
    const card = cardOf(scores, { kind: 'binary', name: text, classes: ['no', text], positive: text }, [text]);
    const page = cardHtml({
      ...card,
      verdicts: [{ gate: text, status: 'FAIL', sentence: text, numbers: {} }],
      evaluation: { ...card.evaluation, importance: [{ column: text, importance: 1 }], incomparable: text },
      lineage: { ...card.lineage, dataset: { ...card.lineage.dataset, key: text } },
      decisions: card.decisions.map((decision) => ({ ...decision, who: text, why: text })),
    });
    const tags = (html: string) => new Set(html.match(/<\/?[a-z][a-z0-9]*/gi));
    expect([...tags(page)].filter((tag) => !tags(cardHtml(card)).has(tag))).toEqual([]);
    expect(page).not.toMatch(/<[^>]*\son[a-z]+\s*=/i);
    expect(page).not.toContain('\u202e');
  });

  test('escapes the names of classes in its pictures', () => {
    const scores: Scores = {
      kind: 'multiclass',
      classes: ['<a>', '"b'],
      truth: [0, 1],
      challenger: [
        [0.9, 0.1],
        [0.2, 0.8],
      ],
      champion: null,
      attributes: {},
    };
    const page = cardHtml(cardOf(scores, { kind: 'multiclass', name: 'kind', classes: ['<a>', '"b'] }));
    expect(page).not.toContain('<a>');
    expect(page).toContain('&#60;a&#62; predicted as &#34;b');
  });

  test('does not fail on a card with next to nothing in it', () => {
    const one: Scores = { kind: 'regression', truth: [1], challenger: [1], champion: null, attributes: {} };
    expect(cardHtml(cardOf(one, { kind: 'regression', name: 'price' }))).not.toMatch(/NaN|undefined|Infinity/);
    const none: Scores = { kind: 'binary', positive: 'yes', truth: [], challenger: [], champion: null, attributes: {} };
    expect(cardHtml(cardOf(none))).not.toMatch(/NaN|undefined|Infinity/);
  });
});
