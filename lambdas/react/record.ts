import type { ReactStepInput } from '../../domain/react/flow.ts';
import { reactionMessage, severityOf } from '../../domain/react/messages.ts';
import type { ActResult, Reaction } from '../../domain/react/reaction.ts';
import { recordResult } from '../../domain/react/result.ts';
import type { OutboxEntry, ReactionState } from '../../domain/react/state.ts';
import { onConflictRetry } from '../shared/registry.ts';
import type { ReactPorts } from './ports.ts';

type RecordInput = Extract<ReactStepInput, { action: 'record' }>;

/**
 * Tells people what was decided and what came of it, then takes it out of the outbox: whoever dies in between is repeated,
 * and a message may come twice rather than never.
 */
export async function record({ event, result, failure }: RecordInput, ports: ReactPorts): Promise<{ told: number }> {
  const { registry, settings, now } = ports;
  const state = await registry.reactions();
  const entry = state.outbox.find((waiting) => waiting.event === event);
  if (!entry) return { told: 0 };
  const outcome = { result: outcomeOf(entry, result, failure), time: now(), settings };
  const told = await tell(entry, recordResult(state, entry, outcome).reactions, { state, ports });
  await onConflictRetry(async () => {
    const now = await registry.reactions();
    const recorded = recordResult(now, entry, outcome);
    if (recorded.state === now) return;
    await registry.write({ reactions: recorded.state, incidents: recorded.incidents });
  });
  return { told };
}

function outcomeOf(
  { act }: OutboxEntry,
  result: RecordInput['result'],
  failure: RecordInput['failure'],
): ActResult | null {
  if (failure) return { status: 'FAILED', why: reasonOf(failure), key: null };
  if (!act || !result) return null;
  if ('why' in result) return result;
  const { key, rows, labelled, because, status } = result;
  if (key === null) return { status: 'REFUSED', why: because ?? status, key };
  return { status: 'DONE', why: `${rows} rows, ${labelled} of them labelled predictions, in ${key}`, key };
}

/** Lambda's cause is a JSON text with the message in it. */
function reasonOf({ Error: error = 'failed', Cause: cause = '' }: { Error?: string; Cause?: string }): string {
  let text = cause;
  try {
    text = (JSON.parse(cause) as { errorMessage?: string }).errorMessage ?? cause;
  } catch {
    text = cause;
  }
  return `${error}: ${text}`.slice(0, 500);
}

async function tell(
  entry: OutboxEntry,
  outcome: readonly Reaction[],
  { state, ports }: { state: ReactionState; ports: ReactPorts },
): Promise<number> {
  const { registry, announcer, model, artifactBucket } = ports;
  const reactions = [...entry.reactions, ...outcome].filter(({ tell }) => tell !== null);
  const subjects = new Map<string, Reaction[]>();
  for (const reaction of reactions) {
    const about = reaction.incident ?? reaction.cause;
    subjects.set(about, [...(subjects.get(about) ?? []), reaction]);
  }
  if (subjects.size === 0) return 0;
  const known = [...state.open, ...(await registry.incidents())];
  for (const [about, group] of subjects) {
    const incident = known.find(({ id }) => id === about) ?? null;
    const page = entry.window?.pageKey ?? incident?.pageKey ?? null;
    const message = reactionMessage({
      model,
      reactions: group,
      incident,
      window: entry.window?.id ?? null,
      links: page === null ? [] : [`s3://${artifactBucket}/${page}`],
    });
    const facts = { model, status: 'REACTION', severity: severityOf(group) };
    await announcer.announce(`${entry.event}/${about}`, message, facts);
  }
  return subjects.size;
}
