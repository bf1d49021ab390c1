import type * as z from 'zod';
import { decide } from '../../domain/rollout/decide.ts';
import type { RolloutDecision } from '../../domain/rollout/decision.ts';
import { observe } from '../../domain/rollout/evidence.ts';
import { type analyseOutput, HOLD_SECONDS, LONGEST_HOLD_MS, secondsBetweenLooks } from '../../domain/rollout/flow.ts';
import { stuckMessage } from '../../domain/rollout/messages.ts';
import { tickOf } from '../../domain/rollout/minute.ts';
import { minuteOf, type RolloutRecord } from '../../domain/rollout/record.ts';
import { isShadow } from '../../domain/rollout/strategy.ts';
import { onConflictRetry } from '../shared/registry.ts';
import type { Minutes } from '../shared/request-log.ts';
import { mirror } from './mirror.ts';
import { ownedRollout, type RolloutPorts, revised } from './ports.ts';

/** CloudWatch has what happened in a minute about a minute later. */
const LATE_MS = 60_000;

/**
 * Takes in what happened since the last look, minute by minute, and decides. The record is written on its revision: a look
 * that is repeated counts nothing twice.
 */
export async function analyse(
  { token }: { token: number },
  ports: RolloutPorts,
): Promise<z.infer<typeof analyseOutput>> {
  const { registry } = ports;
  const known = await registry.rollout(token);
  if (known?.outcome) return ended(known);
  const record = await onConflictRetry(() => look(token, ports));
  const { decision } = record;
  if (!decision) return ended(record);
  if ((decision.cause === 'LIMIT' || decision.cause === 'ASK') && decision.action === 'HOLD' && !record.asked) {
    await ask(record, decision, ports);
  }
  const { action, cause, why } = decision;
  return { action, cause, why, step: record.step, waitSeconds: waitOf(record, decision) };
}

async function look(token: number, ports: RolloutPorts): Promise<RolloutRecord> {
  const { record } = await ownedRollout(token, ports);
  const now = Date.parse(ports.now());
  const taken = await takeIn(record, now, ports);
  const decision = ordered(
    record,
    decide(taken.state ?? record.state, record.plan, {
      now,
      startedAt: Date.parse(record.startedAt),
      step: record.step,
      stepStartedAt: Date.parse(record.stepStartedAt),
      alarms: await ports.requests.alarms(),
      challengerFailure: null,
    }),
    now,
  );
  const rollout = revised(record, { ...taken, decision });
  await ports.registry.write({ rollout });
  return rollout;
}

/** Every whole minute since the last look of which CloudWatch must have heard. */
async function takeIn(record: RolloutRecord, now: number, ports: RolloutPorts) {
  const { to } = record;
  const minutes = { from: record.lastMinute + 1, to: minuteOf(now - LATE_MS) };
  let { state, latency } = record;
  if (to === null || minutes.from >= minutes.to) return {};
  const { seen, comparison } = await lookAt(record, to, minutes, ports);
  for (const [id, [challenger, champion]] of [...seen].sort(([a], [b]) => a - b)) {
    if (!challenger || !champion) continue;
    const minute = tickOf({ id, challenger, champion }, { ...record, state, latency });
    state = observe(state, minute.tick);
    latency = minute.latency;
  }
  return { state, latency, comparison, lastMinute: minutes.to - 1 };
}

/** What both versions answered: callers, or in a shadow the champion callers and the challenger copies. */
async function lookAt(record: RolloutRecord, to: string, minutes: Minutes, ports: RolloutPorts) {
  const step = record.plan.steps[record.step];
  const { from: champion, comparison } = record;
  if (isShadow(step) && comparison) {
    return mirror({ champion, challenger: to, share: step.copies, comparison }, minutes, ports);
  }
  return { seen: await ports.requests.seen([to, champion], minutes), comparison };
}

/** A person's word stands, unless something speaks against the challenger; and nothing waits for a person for ever. */
function ordered(record: RolloutRecord, decision: RolloutDecision, now: number): RolloutDecision {
  if (decision.action === 'ROLLBACK') return decision;
  if (record.order) {
    const why = `${record.order.by}: ${record.order.why}`;
    return { ...decision, action: 'PROMOTE', cause: 'PERSON', why, needed: null };
  }
  const overdue = now - Date.parse(record.startedAt) > record.plan.limit.ms + LONGEST_HOLD_MS;
  if (!overdue || decision.action !== 'HOLD') return decision;
  return {
    ...decision,
    action: 'ROLLBACK',
    cause: 'LIMIT',
    why: `Nobody decided in time. ${decision.why}`,
    needed: null,
  };
}

async function ask(record: RolloutRecord, decision: RolloutDecision, { registry, announcer }: RolloutPorts) {
  const facts = { model: record.model, status: 'ROLLOUT_UNDECIDED' };
  await announcer.announce(`${record.owner}/UNDECIDED`, stuckMessage(record, decision), facts);
  const latest = await registry.rollout(record.token);
  if (latest && latest.outcome === null) await registry.write({ rollout: revised(latest, { asked: true }) });
}

const waitOf = ({ plan }: RolloutRecord, { action, cause }: RolloutDecision) =>
  action === 'HOLD' && (cause === 'LIMIT' || cause === 'ASK') ? HOLD_SECONDS : secondsBetweenLooks(plan.limit.ms);

const ended = ({ step, why }: RolloutRecord): z.infer<typeof analyseOutput> => ({
  action: 'ENDED',
  cause: 'STOPPED',
  why: why ?? 'it has ended',
  step,
  waitSeconds: 1,
});
