import { describe, expect, test } from 'vitest';
import { buildRolloutCard, rolloutCardSchema } from '../../../domain/rollout/card.ts';
import { rolloutSection } from '../../../domain/rollout/card-html.ts';
import { decide } from '../../../domain/rollout/decide.ts';
import type { Tick } from '../../../domain/rollout/evidence.ts';
import { rolloutPage } from '../../../domain/rollout/page.ts';
import { factsAt, minutes, observeAll, rolloutOf, tick } from '../../support/rollout.ts';

const { plan, guardrails } = rolloutOf();

function cardOf(ticks: readonly Tick[], model = 'churn') {
  const state = observeAll(guardrails, ticks);
  const decision = decide(state, plan, factsAt(ticks.length));
  const challenger = { version: 4, semver: '1.3.0' };
  const champion = { version: 3, semver: '1.2.1' };
  const times = { startedAt: '2026-03-01T09:00:00.000Z', decidedAt: '2026-03-01T09:03:00.000Z' };
  return buildRolloutCard({ model, challenger, champion, strategy: 'canary', plan, state, decision, ...times });
}

describe('buildRolloutCard()', () => {
  test('tells what was compared, seen and decided, in sentences', () => {
    expect(cardOf(minutes(3, (id) => tick(id, { errors: [6, 3] }))).sentences).toMatchInlineSnapshot(`
      [
        "churn 1.3.0 was rolled back after 3 minutes, at 10 % of the traffic, compared with 1.2.1.",
        "Worse than the champion: errors: 18 of 180 (10.00 %) against the champion's 9 of 1,620 (0.56 %), evidence of harm 8,919 (40 was enough).",
        "The challenger answered 180 requests, the champion 1,620 requests.",
        "errors: 18 of 180 (10.00 %) against the champion's 9 of 1,620 (0.56 %); evidence that it does no harm under 0.01, of harm 8,919.",
        "latency: 9 of 180 (5.00 %) against the champion's 81 of 1,620 (5.00 %); evidence that it does no harm 1.9, of harm 0.55.",
      ]
    `);
    expect(cardOf(minutes(6)).sentences).toMatchInlineSnapshot(`
      [
        "churn 1.3.0 is held after 6 minutes, at 10 % of the traffic, compared with 1.2.1.",
        "Step 1 of 2, 10 % of the traffic: evidence that it does no harm is latency 4.4, 10 is needed.",
        "The challenger answered 360 requests, the champion 3,240 requests.",
        "errors: 0 of 360 (0.00 %) against the champion's 18 of 3,240 (0.56 %); evidence that it does no harm 18, of harm 0.09.",
        "latency: 18 of 360 (5.00 %) against the champion's 162 of 3,240 (5.00 %); evidence that it does no harm 4.4, of harm 0.25.",
        "If nothing is wrong, about 173 more requests to the challenger are needed, 3 minutes at this traffic.",
      ]
    `);
  });

  test('is data that its schema takes back', () => {
    const card = cardOf(minutes(300));
    expect(rolloutCardSchema.parse(JSON.parse(JSON.stringify(card)))).toEqual(card);
    expect(JSON.stringify(card).length).toBeLessThan(12_000);
  });
});

describe('rolloutSection()', () => {
  test('has a row and a chart for each guardrail', () => {
    const page = rolloutSection(cardOf(minutes(30))).toString();
    expect(page.match(/<tr><th scope="row">/g)).toHaveLength(2);
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  test('escapes what it is told', () => {
    expect(rolloutSection(cardOf(minutes(3), '<b>')).toString()).not.toContain('<b> ');
  });

  test('has nothing to draw before the first tick', () => {
    expect(rolloutSection(cardOf([])).toString()).not.toContain('<svg');
  });
});

describe('rolloutPage()', () => {
  test.each(['promoted', 'rolled back', 'held'])('of a rollout that was %s stands alone and says so', (what) => {
    const ticks = { promoted: 300, 'rolled back': 3, held: 1 }[what] ?? 0;
    const card = cardOf(minutes(ticks, (id) => (what === 'rolled back' ? tick(id, { errors: [6, 3] }) : tick(id))));
    const action = what === 'promoted' ? 'PROMOTE' : card.decision.action;
    const page = rolloutPage({ ...card, decision: { ...card.decision, action } });
    expect(page.toLowerCase()).toContain(`>${what}</span>`);
    expect(page).toContain('compared with version 1.2.1');
    expect(page).not.toMatch(/<script|https?:|NaN|undefined|Infinity/);
  });
});
