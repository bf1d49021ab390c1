import type { Cause, ReactEvent, RegistryFacts } from './event.ts';
import type { Decided, ReactionSettings } from './policy.ts';
import type { Act, Reaction } from './reaction.ts';
import { type Incident, LONGEST_STORY, type ReactionState } from './state.ts';

/** Events that are remembered: a repetition comes within a day, and there is a window an hour at most times. */
const REMEMBERED_EVENTS = 100;
/** What nobody could be told for so many events is in the incidents too. */
const LONGEST_OUTBOX = 30;

/** A copy of the state that the rules change one after the other, and what they decided. */
export class Draft {
  readonly state: ReactionState;
  readonly event: ReactEvent;
  readonly settings: ReactionSettings;
  /** Milliseconds; never before that of an earlier event. */
  readonly now: number;
  act: Act | null = null;
  readonly #reactions: Reaction[] = [];
  readonly #changed = new Map<string, Incident>();

  constructor(state: ReactionState, event: ReactEvent, settings: ReactionSettings) {
    this.state = structuredClone(state);
    this.event = event;
    this.settings = settings;
    this.now = Math.max(Date.parse(event.time), state.time === null ? 0 : Date.parse(state.time));
  }

  get facts(): RegistryFacts {
    return this.event.facts;
  }

  get time(): string {
    return new Date(this.now).toISOString();
  }

  incident(cause: Cause): Incident | undefined {
    return this.state.open.find((incident) => incident.cause === cause);
  }

  /** Whether a person asked for silence about a cause. */
  snoozed(cause: Cause): boolean {
    const { snoozedUntil } = this.state.watched[cause];
    return snoozedUntil !== null && Date.parse(snoozedUntil) > this.now;
  }

  decide(reaction: Reaction): void {
    const silenced = this.snoozed(reaction.cause) ? { ...reaction, tell: null } : reaction;
    this.#reactions.push(silenced);
  }

  /** Marks an incident as changed, with a line of its story where there is something to tell. */
  touch(incident: Incident, what?: string): void {
    if (what !== undefined) incident.story = [...incident.story, { time: this.time, what }].slice(-LONGEST_STORY);
    this.#changed.set(incident.id, incident);
  }

  close(incident: Incident, resolution: string): void {
    Object.assign(incident, { status: 'CLOSED', closedAt: this.time, resolution, held: null });
    this.touch(incident, `closed: ${resolution}`);
    this.state.open = this.state.open.filter(({ id }) => id !== incident.id);
    this.forget(({ incident: about }) => about === incident.id);
  }

  /** What was decided and not carried out yet is not wanted any more. */
  forget(about: (act: Act) => boolean): void {
    for (const entry of this.state.outbox) if (entry.act && about(entry.act)) entry.act = null;
  }

  finish(): Decided {
    const { state, event, act } = this;
    const reactions = this.#reactions;
    const kept = reactions.filter(({ news }) => news);
    if (act !== null || kept.some(({ tell }) => tell !== null)) {
      const window = event.kind === 'SNOOZE' || !event.window ? null : event.window;
      const entry = {
        event: event.id,
        time: this.time,
        champion: event.facts.champion,
        act,
        reactions: kept,
        window: window && { id: window.id, pageKey: window.pageKey },
      };
      state.outbox = [...state.outbox, entry].slice(-LONGEST_OUTBOX);
    }
    state.seen = [...state.seen, event.id].slice(-REMEMBERED_EVENTS);
    state.time = this.time;
    state.revision += 1;
    return { state, reactions, incidents: [...this.#changed.values()], act };
  }
}
