import { describe, expect, test } from 'vitest';
import { type Decision, verifyChain } from '../../domain/decisions.ts';
import {
  abortRollout,
  beginRollout,
  decideApproval,
  promote,
  registerVersion,
  rollBack,
  rollBackCode,
  type Transition,
} from '../../domain/registry.ts';
import { emptyHead, type Head, type Version } from '../../domain/registry-items.ts';
import { newVersion } from '../support/domain-builders.ts';

const act = { who: 'gates', why: 'because', time: '2026-03-01T10:00:00.000Z' };

/** A registry in memory that applies transitions and refuses none silently. */
function registry() {
  let head: Head = emptyHead('churn');
  const versions = new Map<number, Version>();
  const log: Decision[] = [];
  return {
    log,
    get head() {
      return head;
    },
    version(number: number): Version {
      const found = versions.get(number);
      if (!found) throw new Error(`no version ${number}`);
      return found;
    },
    apply(transition: Transition) {
      if (!transition.ok) throw new Error(`${transition.code}: ${transition.message}`);
      expect(transition.head.revision).toBe(head.revision + 1);
      head = transition.head;
      for (const version of transition.versions) versions.set(version.version, version);
      log.push(transition.decision);
    },
    register(
      overrides: Partial<Parameters<typeof registerVersion>[1]> = {},
      approval: 'automatic' | 'manual' = 'automatic',
    ) {
      this.apply(registerVersion(head, newVersion(overrides), { ...act, approval }));
      return head.lastVersion;
    },
    live(number: number) {
      this.apply(beginRollout(head, this.version(number), { ...act, runId: `run-${number}` }));
      const champion = head.champion === null ? null : this.version(head.champion);
      const rollout = { ...act, token: head.fencing, functionVersion: `${number}`, champion };
      this.apply(promote(head, this.version(number), rollout));
    },
  };
}

const code = (transition: Transition) => (transition.ok ? 'ok' : transition.code);

describe('from an upload to the champion', () => {
  test('a version that passes is registered, rolled out and retires its predecessor', () => {
    const model = registry();
    model.live(model.register());
    model.live(model.register({ semver: '1.0.1' }));
    expect(model.head).toMatchObject({ champion: 2, previousChampion: 1, lastVersion: 2, rollout: null, fencing: 2 });
    expect([1, 2].map((number) => model.version(number).stage)).toEqual(['RETIRED', 'CHAMPION']);
    expect(model.log.map(({ kind }) => kind)).toMatchInlineSnapshot(`
      [
        "REGISTERED",
        "ROLLOUT_STARTED",
        "PROMOTED",
        "REGISTERED",
        "ROLLOUT_STARTED",
        "PROMOTED",
      ]
    `);
    expect(verifyChain(model.log, model.head.decisions)).toEqual({ ok: true, decisions: 6 });
  });

  test('a decision tells what changed, and only that', () => {
    const model = registry();
    model.live(model.register());
    expect(model.log.at(-1)).toMatchObject({
      kind: 'PROMOTED',
      before: { champion: null, rolloutToken: 1, rolloutVersion: 1, rolloutRun: 'run-1', stage: 'REGISTERED' },
      after: { champion: 1, rolloutToken: null, rolloutVersion: null, rolloutRun: null, stage: 'CHAMPION' },
      evidenceSha256: 'e'.repeat(64),
    });
  });

  test('replaying the decisions rebuilds the head', () => {
    const model = registry();
    model.live(model.register());
    model.register({ gates: { passed: false, failed: ['worse'] } });
    model.live(model.register());
    const replayed = Object.assign({}, ...model.log.map(({ after }) => after));
    const { champion, previousChampion, lastVersion, fencing } = model.head;
    expect(replayed).toMatchObject({ champion, previousChampion, lastVersion, fencing, rolloutToken: null });
  });
});

describe('what never goes live', () => {
  test('a version that failed a gate, whoever approves it', () => {
    const model = registry();
    const number = model.register({ gates: { passed: false, failed: ['AUC is 0.5'] } });
    const version = model.version(number);
    expect(version.stage).toBe('REJECTED');
    const answer = { ...act, approved: true, artifactSha256: version.artifact.sha256 };
    expect(code(decideApproval(model.head, version, answer))).toBe('FAILED_GATES');
    expect(code(beginRollout(model.head, version, { ...act, runId: 'r' }))).toBe('FAILED_GATES');
  });

  test('a version that waits for a person, or was refused by one', () => {
    const model = registry();
    const number = model.register({}, 'manual');
    const rollOut = () => code(beginRollout(model.head, model.version(number), { ...act, runId: 'r' }));
    const answer = (approved: boolean) => ({ ...act, who: 'ada', approved, artifactSha256: 'a'.repeat(64) });
    expect(rollOut()).toBe('WRONG_STAGE');
    model.apply(decideApproval(model.head, model.version(number), answer(false)));
    expect(model.version(number).stage).toBe('REJECTED');
    expect(rollOut()).toBe('WRONG_STAGE');
    model.apply(decideApproval(model.head, model.version(number), answer(true)));
    expect(rollOut()).toBe('ok');
    expect(model.version(number).approvals.map(({ by, approved }) => [by, approved])).toEqual([
      ['ada', false],
      ['ada', true],
    ]);
  });

  test('an artifact that is not the one that was approved', () => {
    const model = registry();
    const number = model.register({}, 'manual');
    const answer = { ...act, approved: true, artifactSha256: 'b'.repeat(64) };
    expect(code(decideApproval(model.head, model.version(number), answer))).toBe('ARTIFACT_MISMATCH');
  });

  test('an answer to a question that is closed', () => {
    const model = registry();
    model.live(model.register());
    const answer = { ...act, approved: true, artifactSha256: 'a'.repeat(64) };
    expect(code(decideApproval(model.head, model.version(1), answer))).toBe('WRONG_STAGE');
  });

  test('a version that was judged against an older champion', () => {
    const model = registry();
    model.live(model.register());
    const [slow, fast] = [model.register(), model.register()];
    model.live(fast);
    expect(code(beginRollout(model.head, model.version(slow), { ...act, runId: 'r' }))).toBe('STALE_COMPARISON');
  });
});

describe('the traffic lock', () => {
  test('has one owner', () => {
    const model = registry();
    const [a, b] = [model.register(), model.register()];
    model.apply(beginRollout(model.head, model.version(a), { ...act, runId: 'run-a' }));
    expect(code(beginRollout(model.head, model.version(b), { ...act, runId: 'run-b' }))).toBe('ROLLOUT_IN_PROGRESS');
  });

  test('fences an owner that was superseded', () => {
    const model = registry();
    const number = model.register();
    const start = () => model.apply(beginRollout(model.head, model.version(number), { ...act, runId: 'run' }));
    start();
    model.apply(abortRollout(model.head, model.version(number), { ...act, token: 1 }));
    start();
    const late = { ...act, token: 1, functionVersion: '1', champion: null };
    expect(code(promote(model.head, model.version(number), late))).toBe('SUPERSEDED');
    expect(code(abortRollout(model.head, model.version(number), { ...act, token: 1 }))).toBe('SUPERSEDED');
    expect(code(promote(model.head, model.version(number), { ...late, token: 2 }))).toBe('ok');
  });
});

describe('rollBack()', () => {
  test('restores the previous champion in one step, fences the rollout in progress, and rejects what it takes off', () => {
    const model = registry();
    model.live(model.register());
    model.live(model.register());
    const next = model.register();
    model.apply(beginRollout(model.head, model.version(next), { ...act, runId: 'run' }));
    const token = model.head.fencing;
    const pair = { champion: model.version(2), previous: model.version(1) };
    model.apply(rollBack(model.head, pair, { ...act, who: 'ada' }));
    expect(model.head).toMatchObject({ champion: 1, previousChampion: null, rollout: null, fencing: token + 1 });
    expect([1, 2].map((number) => model.version(number).stage)).toEqual(['CHAMPION', 'REJECTED']);
    expect(code(rollBack(model.head, pair, act))).toBe('NO_PREVIOUS');
    expect(verifyChain(model.log, model.head.decisions).ok).toBe(true);
  });
});

describe('a rollout that ends without a promotion', () => {
  const started = () => {
    const model = registry();
    model.live(model.register());
    const number = model.register();
    model.apply(beginRollout(model.head, model.version(number), { ...act, runId: 'run' }));
    return { model, number, token: model.head.fencing };
  };

  test('leaves the version where it was, to try again', () => {
    const { model, number, token } = started();
    model.apply(abortRollout(model.head, model.version(number), { ...act, token }));
    expect(model.version(number).stage).toBe('REGISTERED');
    expect(model.log.at(-1)).toMatchObject({ kind: 'ROLLOUT_ABORTED', after: { rolloutToken: null } });
    expect(code(beginRollout(model.head, model.version(number), { ...act, runId: 'again' }))).toBe('ok');
  });

  test('rejects it where something spoke against it, until somebody approves it anew', () => {
    const { model, number, token } = started();
    const ending = { ...act, token, kind: 'ROLLED_BACK', reject: true } as const;
    model.apply(abortRollout(model.head, model.version(number), ending));
    expect(model.version(number).stage).toBe('REJECTED');
    expect(model.log.at(-1)).toMatchObject({
      kind: 'ROLLED_BACK',
      before: { stage: 'REGISTERED' },
      after: { stage: 'REJECTED' },
    });
    expect(code(beginRollout(model.head, model.version(number), { ...act, runId: 'again' }))).toBe('WRONG_STAGE');
    const { artifact } = model.version(number);
    const approval = { ...act, approved: true, artifactSha256: artifact.sha256 };
    model.apply(decideApproval(model.head, model.version(number), approval));
    expect(code(beginRollout(model.head, model.version(number), { ...act, runId: 'again' }))).toBe('ok');
  });

  test('rests on the evidence that is named', () => {
    const { model, number, token } = started();
    const evidenceSha256 = 'f'.repeat(64);
    model.apply(abortRollout(model.head, model.version(number), { ...act, token, evidenceSha256 }));
    expect(model.log.at(-1)?.evidenceSha256).toBe(evidenceSha256);
  });
});

describe('the champion on new code', () => {
  const onNewCode = () => {
    const model = registry();
    model.live(model.register());
    model.live(model.register());
    model.apply(beginRollout(model.head, model.version(2), { ...act, runId: 'code' }));
    return { model, token: model.head.fencing };
  };

  test('is promoted to another function version; the previous champion stays the one before it', () => {
    const { model, token } = onNewCode();
    const champion = model.version(2);
    model.apply(promote(model.head, champion, { ...act, token, functionVersion: '9', champion }));
    expect(model.head).toMatchObject({ champion: 2, previousChampion: 1, rollout: null });
    expect(model.version(2)).toMatchObject({ stage: 'CHAMPION', functionVersion: '9' });
    expect(model.version(1).stage).toBe('RETIRED');
    expect(model.log.at(-1)).toMatchObject({ before: { functionVersion: '2' }, after: { functionVersion: '9' } });
  });

  test('is not rejected for what the code did', () => {
    const { model, token } = onNewCode();
    model.apply(abortRollout(model.head, model.version(2), { ...act, token, kind: 'ROLLED_BACK', reject: true }));
    expect(model.version(2)).toMatchObject({ stage: 'CHAMPION', functionVersion: '2' });
  });

  test('goes back to the code before in one step, at any time, and fences a rollout in progress', () => {
    const { model, token } = onNewCode();
    const champion = model.version(2);
    model.apply(promote(model.head, champion, { ...act, token, functionVersion: '9', champion }));
    model.apply(beginRollout(model.head, model.version(2), { ...act, runId: 'more code' }));
    model.apply(rollBackCode(model.head, model.version(2), { ...act, who: 'ada', functionVersion: '2' }));
    expect(model.head).toMatchObject({ champion: 2, previousChampion: 1, rollout: null, fencing: token + 2 });
    expect(model.version(2)).toMatchObject({ stage: 'CHAMPION', functionVersion: '2' });
    expect(model.log.at(-1)).toMatchObject({
      kind: 'ROLLED_BACK',
      who: 'ada',
      before: { functionVersion: '9' },
      after: { functionVersion: '2' },
    });
    expect(verifyChain(model.log, model.head.decisions).ok).toBe(true);
  });

  test('of a version that does not serve is nothing to go back from', () => {
    const { model } = onNewCode();
    expect(code(rollBackCode(model.head, model.version(1), { ...act, functionVersion: '1' }))).toBe('WRONG_STAGE');
  });
});

describe('rollBack() to a version that a person names', () => {
  const threeChampions = () => {
    const model = registry();
    for (let count = 0; count < 3; count += 1) model.live(model.register());
    return model;
  };

  test('goes to any that has served; without a name only to the one before', () => {
    const model = threeChampions();
    const pair = { champion: model.version(3), previous: model.version(1) };
    expect(code(rollBack(model.head, pair, act))).toBe('NO_PREVIOUS');
    model.apply(rollBack(model.head, pair, { ...act, named: true }));
    expect(model.head).toMatchObject({ champion: 1, previousChampion: null });
    expect([1, 2, 3].map((number) => model.version(number).stage)).toEqual(['CHAMPION', 'RETIRED', 'REJECTED']);
  });

  test('not to one that never served, or was rejected', () => {
    const model = threeChampions();
    const [fresh, bad] = [model.register(), model.register({ gates: { passed: false, failed: ['worse'] } })];
    for (const number of [fresh, bad]) {
      const pair = { champion: model.version(3), previous: model.version(number) };
      expect(code(rollBack(model.head, pair, { ...act, named: true }))).toBe('WRONG_STAGE');
    }
  });
});
