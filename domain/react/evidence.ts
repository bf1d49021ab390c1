import type { Draft } from './draft.ts';
import { CAUSES, type Cause, type Signal, type WindowFacts } from './event.ts';
import type { Severity } from './reaction.ts';
import type { Incident, Watched } from './state.ts';

/** Odd windows in a row that open an incident without the accumulator: enough to tell, not enough to act. */
export const ODD_WINDOWS = 3;

const DAY_MS = 86_400_000;

/** How much an open incident matters to people. */
export const SEVERITY: Readonly<Record<Cause, Severity>> = {
  drift: 'warning',
  prediction: 'warning',
  quality: 'critical',
  capture: 'critical',
  'data-quality': 'warning',
};

/**
 * Quiet looks in a row that close an incident. The accumulators start anew after they alert, so a slow drift may look quiet
 * for some windows: a day of them, or three long ones. Labels are judged once a day.
 */
export function quietNeeded(cause: Cause, every: number): number {
  if (cause === 'quality') return 7;
  if (cause === 'capture') return 2;
  return Math.min(24, Math.max(3, Math.ceil(DAY_MS / every)));
}

/** Takes in a window, each once and none after a later one. */
export function takeIn(draft: Draft): void {
  const { event, state, facts } = draft;
  if (event.kind === 'SNOOZE' || !event.window) return;
  const { window } = event;
  if (state.window !== null && Date.parse(window.to) <= Date.parse(state.window)) return;
  state.window = new Date(window.to).toISOString();
  for (const cause of CAUSES) {
    const signal = window.signals[cause];
    if (!signal || (signal.version !== null && signal.version !== facts.champion)) continue;
    weigh(draft, cause, signal, window);
  }
}

function weigh(draft: Draft, cause: Cause, signal: Signal, window: WindowFacts): void {
  const { state } = draft;
  const watched = state.watched[cause];
  const incident = draft.incident(cause);
  watched.last = signal;
  const alerts = signal.signal === 'ALERT' || signal.signal === 'ALERT_SINGLE';
  // A finding that was missed when it was new opens an incident all the same.
  if (!signal.fresh && (!alerts || incident || watched.alerting > 0)) return;
  if (signal.signal === 'NONE') quieten(draft, cause, incident);
  if (signal.signal === 'NONE' || signal.signal === 'INSUFFICIENT') return;
  watched.quiet = 0;
  if (incident) {
    Object.assign(incident, { lastSeenAt: draft.time, pageKey: window.pageKey ?? incident.pageKey });
    if (signal.details.length > 0) incident.details = signal.details;
    draft.touch(incident);
  }
  if (!alerts) return;
  watched.alerting += 1;
  if (signal.signal === 'ALERT') {
    judgeRetrains(draft, cause, false);
    if (incident && !incident.confirmed) draft.touch(incident, 'the evidence of several windows confirms it');
    if (incident) incident.confirmed = true;
  }
  if (!incident) begin(draft, cause, { signal, watched, window });
}

function begin(
  draft: Draft,
  cause: Cause,
  { signal, watched, window }: { signal: Signal; watched: Watched; window: WindowFacts },
): void {
  const why = signal.details[0] ?? DESCRIPTIONS[cause];
  if (signal.signal !== 'ALERT' && watched.alerting < ODD_WINDOWS) {
    if (!watched.told) {
      draft.decide({ kind: 'NOTIFY', cause, incident: null, why, hold: null, tell: 'notice', news: true });
    }
    watched.told = true;
    return;
  }
  const incident: Incident = {
    id: incidentId(cause, window.id),
    cause,
    status: 'OPEN',
    openedAt: draft.time,
    closedAt: null,
    champion: draft.facts.champion,
    confirmed: signal.signal === 'ALERT',
    details: signal.details,
    lastSeenAt: draft.time,
    snoozedUntil: draft.snoozed(cause) ? watched.snoozedUntil : null,
    held: null,
    escalatedAt: null,
    resolution: null,
    pageKey: window.pageKey,
    story: [],
  };
  watched.told = true;
  draft.state.open.push(incident);
  draft.touch(incident, `opened: ${why}`);
  draft.decide({
    kind: 'NOTIFY',
    cause,
    incident: incident.id,
    why,
    hold: null,
    tell: SEVERITY[cause],
    news: true,
  });
}

function quieten(draft: Draft, cause: Cause, incident: Incident | undefined): void {
  const { state, settings } = draft;
  const watched = state.watched[cause];
  watched.quiet += 1;
  watched.alerting = 0;
  if (cause === 'quality') state.cleared += 1;
  if (watched.quiet < quietNeeded(cause, settings.every)) return;
  watched.told = false;
  judgeRetrains(draft, cause, true);
  if (!incident) return;
  const resolution = `quiet for ${watched.quiet} ${cause === 'quality' ? 'cohorts of labels' : 'windows'}`;
  draft.close(incident, resolution);
  draft.decide({
    kind: 'NOTIFY',
    cause,
    incident: incident.id,
    why: `it is over: ${resolution}`,
    hold: null,
    tell: 'notice',
    news: true,
  });
  if (state.open.length === 0) state.trustSince = draft.time;
}

/** Whether the version that a retraining made cured what it was made for. */
function judgeRetrains({ state, facts }: Draft, cause: Cause, helped: boolean): void {
  for (const retrain of state.retrains) {
    if (retrain.status !== 'PROMOTED' || retrain.helped !== null || retrain.cause !== cause) continue;
    if (retrain.version !== facts.champion) continue;
    retrain.helped = helped;
    if (!helped) retrain.why = `version ${retrain.version} serves, and it goes on`;
  }
}

/** `drift-20261123T1000Z`: legal in keys of objects and in names of executions. */
const incidentId = (cause: Cause, window: string) => `${cause}-${window.replaceAll(/[-:.]/g, '')}`;

const DESCRIPTIONS: Readonly<Record<Cause, string>> = {
  drift: 'the data that comes in is not like the training data',
  prediction: 'the predictions are not like those on the test rows',
  quality: 'labels show more errors than at evaluation',
  capture: 'requests are answered, and nothing of them is captured',
  'data-quality': 'the data that comes in has faults',
};
