import { describe, expect, test } from 'vitest';
import { decide } from '../../../domain/rollout/decide.ts';
import { rolloutDecisionSchema } from '../../../domain/rollout/decision.ts';
import { startEvidence } from '../../../domain/rollout/evidence.ts';
import { allAtOnce, blueGreen, canary, shadow } from '../../../domain/rollout/strategy.ts';
import { factsAt, MINUTE_MS, minutes, observeAll, rolloutOf, tick } from '../../support/rollout.ts';

const { plan, guardrails } = rolloutOf();
const good = (count: number, step = 0) => minutes(count, (id) => tick(id, { step }));

describe('decide()', () => {
  test('holds while nothing has come, however long', () => {
    const decision = decide(startEvidence(guardrails), plan, factsAt(600));
    expect(decision).toMatchObject({ action: 'HOLD', cause: 'NO_TRAFFIC', needed: { action: 'NEXT_STEP', ms: null } });
    expect(decision.why).toBe(
      'No request to the challenger in step 1 of 2, 10 % of the traffic; silence is no evidence.',
    );
  });

  test('holds while a step bakes, whatever the evidence', () => {
    expect(decide(observeAll(guardrails, good(400)), plan, factsAt(4))).toMatchObject({
      action: 'HOLD',
      cause: 'BAKING',
      why: 'Step 1 of 2, 10 % of the traffic, bakes for another 60 seconds.',
    });
  });

  test('holds until the evidence is enough, and says what is missing', () => {
    const decision = decide(observeAll(guardrails, good(6)), plan, factsAt(6));
    expect(decision).toMatchObject({ action: 'HOLD', cause: 'EVIDENCE' });
    expect(decision.why).toMatchInlineSnapshot(
      `"Step 1 of 2, 10 % of the traffic: evidence that it does no harm is latency 4.4, 10 is needed."`,
    );
    expect(decision.needed).toMatchInlineSnapshot(`
      {
        "action": "NEXT_STEP",
        "bakeMs": 0,
        "evidence": 10,
        "guardrails": [
          "latency",
        ],
        "ms": 173000,
        "requests": 173,
      }
    `);
  });

  test('goes to the next step, then promotes, on rising evidence', () => {
    const next = decide(observeAll(guardrails, good(9)), plan, factsAt(9));
    expect(next).toMatchObject({ action: 'NEXT_STEP', cause: 'SAFE', needed: null });
    const later = observeAll(guardrails, [
      ...good(9),
      ...minutes(5, (id) => tick(9 + id, { step: 1, size: [300, 300] })),
    ]);
    const promoted = decide(later, plan, factsAt(14, { step: 1, stepStartedAt: 9 * MINUTE_MS }));
    expect(promoted).toMatchObject({ action: 'PROMOTE', cause: 'SAFE', numbers: { weight: 50, toMoveOn: 20 } });
    expect(promoted.why).toContain('No harm that matters: errors: ');
  });

  test('a step without a request of its own is not left on the evidence of the one before', () => {
    const facts = factsAt(60, { step: 1, stepStartedAt: 30 * MINUTE_MS });
    expect(decide(observeAll(guardrails, good(30)), plan, facts)).toMatchObject({
      action: 'HOLD',
      cause: 'NO_TRAFFIC',
    });
  });

  test('every guardrail has to speak for the challenger', () => {
    const slow = minutes(20, (id) => tick(id, { latency: [4, 27] }));
    expect(decide(observeAll(guardrails, slow), plan, factsAt(20))).toMatchObject({
      action: 'HOLD',
      needed: { guardrails: ['latency'] },
    });
  });

  test('rolls back on evidence of harm in any guardrail, even while baking', () => {
    const failing = observeAll(
      guardrails,
      minutes(3, (id) => tick(id, { errors: [6, 3] })),
    );
    const decision = decide(failing, plan, factsAt(3));
    expect(decision).toMatchObject({ action: 'ROLLBACK', cause: 'HARM', numbers: { toRollBack: 40 } });
    expect(decision.why).toMatchInlineSnapshot(
      `"Worse than the champion: errors: 18 of 180 (10.00 %) against the champion's 9 of 1,620 (0.56 %), evidence of harm 8,919 (40 was enough)."`,
    );
  });

  test('the threshold of harm grows with the number of guardrails', () => {
    const state = observeAll(
      guardrails,
      minutes(3, (id) => tick(id, { errors: [6, 3] })),
    );
    const [first] = state.watched;
    if (!first) throw new Error('nothing watched');
    const at = (lnHarm: number) => ({
      ...state,
      watched: [{ ...first, evidence: { ...first.evidence, lnHarm } }, ...state.watched.slice(1)],
    });
    expect(decide(at(Math.log(39)), plan, factsAt(3)).action).toBe('HOLD');
    expect(decide(at(Math.log(41)), plan, factsAt(3)).action).toBe('ROLLBACK');
  });

  test('an alarm or a challenger that does not start ends it at once', () => {
    const state = observeAll(guardrails, good(30));
    expect(decide(state, plan, factsAt(30, { alarms: ['churn-errors', 'churn-latency'] }))).toMatchObject({
      action: 'ROLLBACK',
      cause: 'ALARM',
      why: 'The alarms "churn-errors" and "churn-latency" are on.',
    });
    expect(
      decide(state, plan, factsAt(30, { challengerFailure: 'its artifact does not match its hash' })),
    ).toMatchObject({
      action: 'ROLLBACK',
      cause: 'CHALLENGER_FAILED',
    });
  });

  test('is data that its schema takes back', () => {
    const decision = decide(observeAll(guardrails, good(6)), plan, factsAt(6));
    expect(rolloutDecisionSchema.parse(JSON.parse(JSON.stringify(decision)))).toEqual(decision);
  });
});

describe('time or exposure that is out', () => {
  const limited = (end: 'rollback' | 'hold' | 'ask', requests?: number) =>
    rolloutOf(
      canary({ steps: [10], bake: '5 minutes', limit: { time: '1 hour', end, ...(requests ? { requests } : {}) } }),
    );

  test.each([
    ['rollback', 'ROLLBACK', 'LIMIT'],
    ['hold', 'HOLD', 'LIMIT'],
    ['ask', 'HOLD', 'ASK'],
  ] as const)('%s: %s', (end, action, cause) => {
    const { plan: short, guardrails: watched } = limited(end);
    for (const state of [startEvidence(watched), observeAll(watched, good(3))])
      expect(decide(state, short, factsAt(60))).toMatchObject({ action, cause });
    expect(decide(observeAll(watched, good(3)), short, factsAt(59))).toMatchObject({
      action: 'HOLD',
      cause: 'EVIDENCE',
    });
  });

  test('says why', () => {
    const { plan: short, guardrails: watched } = limited('ask', 100);
    expect(decide(observeAll(watched, good(3)), short, factsAt(3)).why).toMatchInlineSnapshot(
      `"Undecided after 3 minutes and 180 requests to the challenger: evidence that it does no harm is errors 3.2 and latency 1.9, 20 is needed. As configured, a person has to decide."`,
    );
  });

  test('full evidence still promotes', () => {
    const { plan: short, guardrails: watched } = limited('rollback');
    expect(decide(observeAll(watched, good(60)), short, factsAt(60))).toMatchObject({
      action: 'PROMOTE',
      cause: 'SAFE',
    });
  });
});

describe('strategies without a comparison', () => {
  test('all-at-once promotes and says that nothing was compared', () => {
    const { plan: now, guardrails: none } = rolloutOf(allAtOnce());
    expect(decide(startEvidence(none), now, factsAt(0))).toMatchObject({ action: 'PROMOTE', cause: 'UNCOMPARED' });
    expect(decide(startEvidence(none), now, factsAt(0, { challengerFailure: 'no' })).action).toBe('ROLLBACK');
  });

  test('blue-green bakes, wants a request and obeys alarms', () => {
    const { plan: bluegreen, guardrails: none } = rolloutOf(blueGreen({ bake: '10 minutes' }));
    const served = observeAll(none, [{ ...tick(0), seen: {} }]);
    expect(decide(served, bluegreen, factsAt(9))).toMatchObject({ action: 'HOLD', cause: 'BAKING' });
    expect(decide(startEvidence(none), bluegreen, factsAt(11))).toMatchObject({ action: 'HOLD', cause: 'NO_TRAFFIC' });
    expect(decide(served, bluegreen, factsAt(11, { alarms: ['a'] })).action).toBe('ROLLBACK');
    expect(decide(served, bluegreen, factsAt(11))).toMatchObject({ action: 'PROMOTE', cause: 'UNCOMPARED' });
  });

  test('a plan whose guardrails are all missing never promotes by itself', () => {
    const state = observeAll([], [{ ...tick(0), seen: {} }]);
    expect(decide(state, plan, factsAt(60))).toMatchObject({ action: 'HOLD', cause: 'EVIDENCE' });
  });
});

test('shadow promotes on the evidence of copies, after its time', () => {
  const { plan: shadowed, guardrails: watched } = rolloutOf(shadow({ for: '1 hour', sample: 0.5 }));
  const copies = observeAll(
    watched,
    minutes(60, (id) => tick(id, { size: [100, 200], errors: [0, 1] })),
  );
  expect(decide(copies, shadowed, factsAt(59))).toMatchObject({
    action: 'HOLD',
    cause: 'BAKING',
    numbers: { weight: 0 },
  });
  expect(decide(copies, shadowed, factsAt(60))).toMatchObject({ action: 'PROMOTE', cause: 'SAFE' });
});
