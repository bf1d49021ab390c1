import { appendDecision, type Decision, type DecisionKind, type Facts } from './decisions.ts';
import type { Head, Stage, Version } from './registry-items.ts';

/**
 * Every way in which a model's head may change. Each returns the new head, the versions that change with it and the one
 * decision that explains it: the three are written in one transaction, on condition of the head's old revision.
 */

export type RefusalCode =
  | 'WRONG_STAGE'
  | 'FAILED_GATES'
  | 'ARTIFACT_MISMATCH'
  | 'ROLLOUT_IN_PROGRESS'
  | 'SUPERSEDED'
  | 'STALE_COMPARISON'
  | 'NO_PREVIOUS';

export type Transition =
  | { ok: true; head: Head; versions: Version[]; decision: Decision }
  | { ok: false; code: RefusalCode; message: string };

/** Who decides, why and when; the domain has no clock. */
export interface Act {
  readonly who: string;
  readonly why: string;
  readonly time: string;
  /** What it rests on. @default the judgement of the version's gates */
  readonly evidenceSha256?: string;
}

/** Where a version may go from where it stands; REJECTED leads on only through a new approval. */
const NEXT_STAGES: Record<Stage, readonly Stage[]> = {
  AWAITING_APPROVAL: ['REGISTERED', 'REJECTED'],
  REGISTERED: ['CHAMPION', 'REJECTED'],
  CHAMPION: ['RETIRED', 'REJECTED'],
  RETIRED: ['CHAMPION'],
  REJECTED: ['REGISTERED'],
};

export type NewVersion = Omit<
  Version,
  'model' | 'version' | 'stage' | 'challenged' | 'approvals' | 'functionVersion' | 'createdAt'
>;

/** Gives what a run made the next number and its first stage: rejected by its gates, waiting for a person, or registered. */
export function registerVersion(
  head: Head,
  made: NewVersion,
  act: Act & { approval: 'automatic' | 'manual' },
): Transition {
  const waits = act.approval === 'manual';
  const stage: Stage = !made.gates.passed ? 'REJECTED' : waits ? 'AWAITING_APPROVAL' : 'REGISTERED';
  const version: Version = {
    ...made,
    model: head.model,
    version: head.lastVersion + 1,
    stage,
    challenged: head.champion,
    approvals: [],
    functionVersion: null,
    createdAt: act.time,
  };
  const kind = made.gates.passed ? 'REGISTERED' : 'REJECTED';
  return change(head, { lastVersion: version.version }, { kind, act, was: null, now: version });
}

/** Counts one person's answer (or the silence of all, as a refusal) for the very artifact that was shown. */
export function decideApproval(
  head: Head,
  version: Version,
  answer: Act & { approved: boolean; artifactSha256: string },
): Transition {
  if (answer.artifactSha256 !== version.artifact.sha256) {
    return refuse('ARTIFACT_MISMATCH', `the answer is about another artifact than that of version ${version.version}`);
  }
  if (answer.approved && !version.gates.passed) {
    return refuse('FAILED_GATES', `version ${version.version} failed its gates; no approval can send it live`);
  }
  const stage = answer.approved ? 'REGISTERED' : 'REJECTED';
  if (!mayBecome(version, stage)) return wrongStage(version, stage);
  const approval = { by: answer.who, approved: answer.approved, reason: answer.why, time: answer.time };
  const now: Version = { ...version, stage, approvals: [...version.approvals, approval] };
  const kind = answer.approved ? 'APPROVED' : 'APPROVAL_REFUSED';
  return change(head, {}, { kind, act: answer, was: version, now });
}

/**
 * Takes the traffic lock for a version; the new head's `rollout.token` fences every later write of this rollout. The
 * champion itself may be rolled out again, on new code.
 */
export function beginRollout(head: Head, version: Version, act: Act & { runId: string }): Transition {
  if (head.rollout) {
    return refuse(
      'ROLLOUT_IN_PROGRESS',
      `version ${head.rollout.version} is being rolled out by ${head.rollout.runId}`,
    );
  }
  const refusal = promotable(head, version);
  if (refusal) return refusal;
  const token = head.fencing + 1;
  const rollout = { token, version: version.version, runId: act.runId };
  return change(head, { rollout, fencing: token }, { kind: 'ROLLOUT_STARTED', act, was: version, now: version });
}

/** Makes the version that holds the lock the champion; `champion` is the version that serves until now. */
export function promote(
  head: Head,
  version: Version,
  act: Act & { token: number; functionVersion: string; champion: Version | null },
): Transition {
  if (!holdsLock(head, version, act.token)) return superseded(version);
  const refusal = promotable(head, version);
  if (refusal) return refusal;
  const now: Version = { ...version, stage: 'CHAMPION', functionVersion: act.functionVersion };
  if (head.champion === version.version)
    return change(head, { rollout: null }, { kind: 'PROMOTED', act, was: version, now });
  const retired = act.champion ? [{ ...act.champion, stage: 'RETIRED' as const }] : [];
  const changes = { champion: version.version, previousChampion: head.champion, rollout: null };
  return change(head, changes, { kind: 'PROMOTED', act, was: version, now, also: retired });
}

/**
 * Gives the lock back without a new champion. The version stays what it was, unless something spoke against it: then it
 * is rejected, and only a new approval brings it back.
 */
export function abortRollout(
  head: Head,
  version: Version,
  act: Act & { token: number; kind?: 'ROLLED_BACK' | 'ROLLOUT_ABORTED'; reject?: boolean },
): Transition {
  if (!holdsLock(head, version, act.token)) return superseded(version);
  const rejected = act.reject === true && version.stage === 'REGISTERED';
  const now: Version = rejected ? { ...version, stage: 'REJECTED' } : version;
  return change(head, { rollout: null }, { kind: act.kind ?? 'ROLLOUT_ABORTED', act, was: version, now });
}

/**
 * Puts the previous champion back (or, where a person names it, any earlier one), in one step and at any time: a rollout in
 * progress loses its lock.
 * The version that is taken off is rejected, so that only a new approval brings it back.
 */
export function rollBack(
  head: Head,
  versions: { champion: Version; previous: Version },
  act: Act & { named?: boolean },
): Transition {
  const { champion, previous } = versions;
  if (!act.named && (head.previousChampion === null || head.previousChampion !== previous.version)) {
    return refuse('NO_PREVIOUS', 'there is no previous champion to go back to');
  }
  if (head.champion !== champion.version || !mayBecome(champion, 'REJECTED')) return wrongStage(champion, 'REJECTED');
  // What has not served yet goes live by a rollout, or not at all.
  if (previous.stage !== 'RETIRED') return wrongStage(previous, 'CHAMPION');
  const changes = { champion: previous.version, previousChampion: null, rollout: null, fencing: head.fencing + 1 };
  const now: Version = { ...champion, stage: 'REJECTED' };
  const restored: Version = { ...previous, stage: 'CHAMPION' };
  return change(head, changes, { kind: 'ROLLED_BACK', act, was: champion, now, also: [restored] });
}

/**
 * Puts on record what was decided about what serves, which changes neither head nor versions; null while there is no
 * version that it could be about.
 */
export function noteReaction(
  head: Head,
  act: Act & { kind: 'REACTED' | 'SNOOZED'; facts: Facts; evidenceSha256: string },
): Extract<Transition, { ok: true }> | null {
  const version = head.champion ?? head.lastVersion;
  if (version === 0) return null;
  const { kind, who, why, time, evidenceSha256 } = act;
  const draft = { model: head.model, time, kind, version, who, why, before: {}, after: act.facts, evidenceSha256 };
  const decision = appendDecision(head.decisions, draft);
  const decisions = { sequence: decision.sequence, hash: decision.hash };
  return { ok: true, head: { ...head, revision: head.revision + 1, decisions }, versions: [], decision };
}

/**
 * Puts the champion back on the published function version, and with it the code, that served it before; what the code did
 * wrong is not held against the model.
 */
export function rollBackCode(head: Head, champion: Version, act: Act & { functionVersion: string }): Transition {
  if (head.champion !== champion.version) return wrongStage(champion, 'CHAMPION');
  const changes = { rollout: null, fencing: head.fencing + 1 };
  const now: Version = { ...champion, functionVersion: act.functionVersion };
  return change(head, changes, { kind: 'ROLLED_BACK', act, was: champion, now });
}

interface Story {
  readonly kind: DecisionKind;
  readonly act: Act;
  /** The version that the decision is about, before and after. */
  readonly was: Version | null;
  readonly now: Version;
  /** Other versions that change with it. */
  readonly also?: Version[];
}

function change(head: Head, changes: Partial<Head>, story: Story): Transition {
  const { kind, act, was, now, also = [] } = story;
  const changed = { ...head, ...changes };
  const [before, after] = difference(
    { ...headFacts(head), ...versionFacts(was) },
    { ...headFacts(changed), ...versionFacts(now) },
  );
  const decision = appendDecision(head.decisions, {
    model: head.model,
    time: act.time,
    kind,
    version: now.version,
    who: act.who,
    why: act.why,
    before,
    after,
    evidenceSha256: act.evidenceSha256 ?? now.evidenceSha256,
  });
  const next: Head = {
    ...changed,
    revision: head.revision + 1,
    decisions: { sequence: decision.sequence, hash: decision.hash },
  };
  return { ok: true, head: next, versions: now === was ? also : [now, ...also], decision };
}

/** The facts of a head that decisions speak of; replaying them in order rebuilds it. */
function headFacts(head: Head): Facts {
  return {
    champion: head.champion,
    previousChampion: head.previousChampion,
    lastVersion: head.lastVersion,
    rolloutToken: head.rollout?.token ?? null,
    rolloutVersion: head.rollout?.version ?? null,
    rolloutRun: head.rollout?.runId ?? null,
    fencing: head.fencing,
  };
}

const versionFacts = (version: Version | null): Facts => ({
  stage: version?.stage ?? null,
  functionVersion: version?.functionVersion ?? null,
});

function difference(before: Facts, after: Facts): [Facts, Facts] {
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  const pick = (facts: Facts) => Object.fromEntries(changed.map((name) => [name, facts[name] ?? null]));
  return [pick(before), pick(after)];
}

function promotable(head: Head, version: Version): Transition | undefined {
  if (!version.gates.passed) return refuse('FAILED_GATES', `version ${version.version} failed its gates`);
  if (head.champion === version.version) return undefined;
  if (version.stage !== 'REGISTERED') return wrongStage(version, 'CHAMPION');
  if (version.challenged !== head.champion) {
    const [then, since] = [version.challenged ?? 'none', head.champion ?? 'none'];
    return refuse(
      'STALE_COMPARISON',
      `version ${version.version} was judged while the champion was ${then}; it is ${since} now`,
    );
  }
  return undefined;
}

const mayBecome = (version: Version, stage: Stage) => NEXT_STAGES[version.stage].includes(stage);

const holdsLock = (head: Head, version: Version, token: number) =>
  head.rollout?.token === token && head.rollout.version === version.version;

const refuse = (code: RefusalCode, message: string): Transition => ({ ok: false, code, message });

const wrongStage = (version: Version, stage: Stage) =>
  refuse('WRONG_STAGE', `version ${version.version} is ${version.stage} and cannot become ${stage}`);

const superseded = (version: Version) =>
  refuse('SUPERSEDED', `the rollout of version ${version.version} does not hold the lock any more`);
