import { canonicalSha256 } from '../../domain/canonical-json.ts';
import type { ReactEvent } from '../../domain/react/event.ts';
import type { ReactTrigger, Work } from '../../domain/react/flow.ts';
import { type Decided, react } from '../../domain/react/policy.ts';
import { windowFacts } from '../../domain/react/signals.ts';
import type { OutboxEntry, ReactionState } from '../../domain/react/state.ts';
import { noteReaction } from '../../domain/registry.ts';
import type { Head } from '../../domain/registry-items.ts';
import { onConflictRetry, type RegistryWrite } from '../shared/registry.ts';
import { isJudged, lastWindow, observe } from './observe.ts';
import type { ReactPorts } from './ports.ts';

/** An execution ends long before; what its outbox still holds then, nobody will do. */
const ABANDONED_MS = 3_600_000;

/**
 * Looks at what the registry says, decides, and writes state, incidents and one decision together. What is to be done stands
 * in the state's outbox until it is recorded, so an execution that dies is made good by the next.
 */
export function decide(trigger: ReactTrigger, ports: ReactPorts): Promise<{ work: Work[] }> {
  return onConflictRetry(async () => {
    const { registry, settings } = ports;
    const [state, head] = await Promise.all([registry.reactions(), registry.head()]);
    const event = await eventOf(trigger, ports, { state, head });
    const decided = react(state, event, settings);
    if (decided.state !== state) await registry.write(written(decided, event, head));
    return { work: workOf(decided.state, event) };
  });
}

async function eventOf(
  trigger: ReactTrigger,
  { registry, now }: ReactPorts,
  { state, head }: { state: ReactionState; head: Head },
): Promise<ReactEvent> {
  const [facts, window] = await Promise.all([
    observe(registry, state, head),
    'window' in trigger ? registry.window(trigger.window) : lastWindow(registry),
  ]);
  const seen = window && isJudged(window) ? windowFacts(window) : null;
  const occasion = { time: now(), facts };
  if (!('window' in trigger)) return { kind: 'WAKE', id: trigger.id, ...occasion, window: seen };
  const id = `window-${trigger.window}`;
  return seen ? { kind: 'WINDOW', id, ...occasion, window: seen } : { kind: 'WAKE', id, ...occasion, window: null };
}

/** One decision for all that an event led to; a wake-up that changes nothing for people leaves none. */
export function written({ state, reactions, incidents }: Decided, event: ReactEvent, head: Head): RegistryWrite {
  const news = reactions.filter((reaction) => reaction.news);
  if (news.length === 0) return { reactions: state, incidents };
  const facts = Object.fromEntries(
    news.map(({ kind, cause, incident }) => [`${kind.toLowerCase()}:${cause}`, incident ?? 'no incident']),
  );
  const transition = noteReaction(head, {
    kind: event.kind === 'SNOOZE' ? 'SNOOZED' : 'REACTED',
    who: event.kind === 'SNOOZE' ? event.by : 'reactions',
    why: news
      .map(({ kind, why }) => `${kind}: ${why}`)
      .join('; ')
      .slice(0, 1_000),
    time: event.time,
    facts,
    evidenceSha256: canonicalSha256({ event, reactions }),
  });
  return { reactions: state, incidents, ...(transition && { transition }) };
}

function workOf(state: ReactionState, event: ReactEvent): Work[] {
  const abandoned = (entry: OutboxEntry) => Date.parse(event.time) - Date.parse(entry.time) > ABANDONED_MS;
  return state.outbox
    .filter((entry) => entry.event === event.id || abandoned(entry))
    .map((entry) => ({ event: entry.event, act: entry.act, result: startedAlready(entry, event) }))
    .map((work) => (work.result ? { ...work, act: null } : work));
}

/** The data of a retraining was taken in: whoever put it there only did not come to say so. */
function startedAlready({ act }: OutboxEntry, { facts }: ReactEvent): Work['result'] {
  if (act?.kind !== 'RETRAIN' || facts.retrain?.id !== act.id || facts.retrain.status === 'UNSEEN') return null;
  return { status: 'DONE', why: 'its data was taken in', key: null };
}
