import { comparisonSentences } from '../../domain/rollout/comparison-wording.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { showComparison, showDuration, showEvidence, showWeight } from '../../domain/rollout/wording.ts';
import { CliError } from '../io.ts';
import { openModel, type Session } from '../session.ts';

/** A look costs two reads; a tick is a minute. */
const LOOK_EVERY_MS = 2_000;

/** How long an execution may take until it owns the traffic, before watching for it is given up. */
const START_MS = 60_000;

const EXIT = { PROMOTED: 0, ROLLED_BACK: 3, ABORTED: 3 } as const;

/** `sluice watch MODEL`: what the rollout sees, until it ends; exit 3 when it did not end in a promotion. */
export async function watch(session: Session, name: string, owner?: string): Promise<number> {
  const { registry } = await openModel(session, name);
  const began = performance.now();
  let revision = 0;
  for (;;) {
    const records = await registry.rollouts();
    const record = owner === undefined ? records.at(-1) : records.find((known) => known.owner === owner);
    if (!record && (owner === undefined || performance.now() - began > START_MS)) {
      throw new CliError(3, owner ? `${owner} was not let in; sluice watch ${name}` : `${name} had no rollout yet`);
    }
    if (record) {
      const view = viewOf(record, Date.now());
      if (record.outcome !== null) {
        session.io.result(record, () => view);
        return EXIT[record.outcome];
      }
      // A file has no use for the seconds that go by.
      if (process.stderr.isTTY || record.revision !== revision) session.io.live(view);
      revision = record.revision;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The rollout as a person reads it. */
export function viewOf(record: RolloutRecord, now: number): string {
  const { plan, step, state, comparison, decision, outcome } = record;
  const stands = plan.steps[step];
  const end = record.endedAt === null ? now : Date.parse(record.endedAt);
  const { challenger, champion } = state.requests;
  return [
    `${record.model} ${record.semver}${record.kind === 'CODE' ? ' on new code' : ''}, ${record.strategy}, since ${showDuration(Math.max(0, end - Date.parse(record.startedAt)))}${outcome ? `: ${outcome.toLowerCase().replace('_', ' ')}` : ''}`,
    `  step      ${stands ? `${step + 1} of ${plan.steps.length}, ${showWeight(stands)}` : plan.steps.length > 0 ? 'before the first' : 'all at once'}`,
    ...(comparison
      ? comparisonSentences(comparison).map((sentence) => `  copies    ${sentence}`)
      : [`  requests  ${challenger} to the challenger, ${champion} to the champion`]),
    ...state.watched.map((watched) => {
      const { lnSafe, lnHarm } = watched.evidence;
      const toMoveOn = decision?.numbers.toMoveOn ?? '–';
      return `  ${showComparison(watched)}; no harm ${showEvidence(lnSafe)} of ${toMoveOn}, harm ${showEvidence(lnHarm)} of ${decision?.numbers.toRollBack ?? '–'}`;
    }),
    ...(decision ? [`  now       ${decision.action}: ${record.why ?? decision.why}`] : []),
    ...(decision?.needed?.requests
      ? [
          `  needed    about ${decision.needed.requests} requests to the challenger${decision.needed.ms === null ? '' : `, ${showDuration(decision.needed.ms)}`}`,
        ]
      : []),
    ...(decision ? [] : record.estimate.map((sentence) => `  expected  ${sentence}`)),
    ...(record.cardKey ? [`  card      ${record.cardKey}`] : []),
  ].join('\n');
}
