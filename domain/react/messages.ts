import type { Message } from '../messages.ts';
import { plainLine } from '../wording.ts';
import type { Cause } from './event.ts';
import type { Reaction, ReactionKind, Severity } from './reaction.ts';
import { SEVERITIES } from './reaction.ts';
import type { Incident } from './state.ts';

const NAMES: Readonly<Record<Cause, string>> = {
  drift: 'input drift',
  prediction: 'prediction drift',
  quality: 'quality loss',
  capture: 'capture stopped',
  'data-quality': 'faults in the data',
};

export interface ReactionFacts {
  readonly model: string;
  /** Of one incident, or of one odd window; the most important one decides the subject. */
  readonly reactions: readonly Reaction[];
  readonly incident: Incident | null;
  readonly window: string | null;
  /** Places to look at, the most telling first. */
  readonly links: readonly string[];
}

/** What people are told: what is done, why, what was seen, where to look. */
export function reactionMessage(facts: ReactionFacts): Message {
  const { model, reactions, incident, window } = facts;
  const [first] = [...reactions].sort((a, b) => RANK[b.kind] - RANK[a.kind]);
  const cause = first?.cause ?? 'drift';
  const severity = severityOf(reactions);
  const whys = [...new Set(reactions.map(({ why }) => why))];
  const about = first?.incident ?? incident?.id ?? null;
  const look = [
    ...facts.links,
    `sluice report ${model}${window === null ? '' : ` --window ${window}`}`,
    ...(about === null
      ? [`sluice drift ${model}`]
      : [`sluice incidents ${model}`, `sluice snooze ${model} ${about} --for 2d --why "..."`]),
  ];
  const sections = [
    [sentence(model, { cause, kind: first?.kind ?? 'NOTIFY', incident: about })],
    section('Why', whys),
    section(
      'Seen',
      (incident?.details ?? []).filter((detail) => !whys.includes(detail)),
    ),
    section('Look at', look),
  ];
  const body = sections.filter((lines) => lines.length > 0).map((lines) => lines.map(plainLine).join('\n'));
  const subject = `[${severity}] ${model}: ${SUBJECTS[first?.kind ?? 'NOTIFY'](NAMES[cause])}`;
  return { subject: subject.replace(/[^\x20-\x7e]/g, '?').slice(0, 100), body: `${body.join('\n\n')}\n` };
}

export const severityOf = (reactions: readonly Reaction[]): Severity =>
  SEVERITIES[Math.max(0, ...reactions.map(({ tell }) => (tell === null ? 0 : SEVERITIES.indexOf(tell))))] ?? 'notice';

const RANK: Record<ReactionKind, number> = { HOLD: 0, NOTIFY: 1, RETRAIN: 2, ROLLBACK: 3 };

const SUBJECTS: Record<ReactionKind, (cause: string) => string> = {
  ROLLBACK: (cause) => `${cause}, the previous champion is put back`,
  RETRAIN: (cause) => `${cause}, a challenger is trained`,
  NOTIFY: (cause) => cause,
  HOLD: (cause) => `${cause}, a person is needed`,
};

function sentence(
  model: string,
  { cause, kind, incident }: { cause: Cause; kind: ReactionKind; incident: string | null },
): string {
  if (incident === null) return `One window of model "${model}" was odd (${NAMES[cause]}); nothing is done by itself.`;
  return `Incident ${incident} of model "${model}" (${NAMES[cause]}): ${DONE[kind]}`;
}

const DONE: Record<ReactionKind, string> = {
  ROLLBACK: 'the previous champion takes the traffic back.',
  RETRAIN: 'a challenger is trained on labelled predictions; it serves only if it wins.',
  NOTIFY: 'this is what is known.',
  HOLD: 'nothing is done by itself any more.',
};

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${plainLine(line)}`)];
