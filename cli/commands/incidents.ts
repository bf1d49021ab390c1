import type { Incident } from '../../domain/react/state.ts';
import { plainLine } from '../../domain/wording.ts';
import { coloured, shortTime, table } from '../io.ts';
import { openModel, type Session } from '../session.ts';

/** `sluice incidents MODEL [INCIDENT]`: what is or was wrong and what was done about it, the newest first; or one's whole story. */
export async function incidents(session: Session, name: string, id: string | undefined): Promise<number> {
  const { registry } = await openModel(session, name);
  const [all, state] = await Promise.all([registry.incidents(), registry.reactions()]);
  all.sort(byTime);
  const shown = id === undefined ? all : all.filter((incident) => incident.id === id);
  const { retrains } = state;
  session.io.result({ model: name, incidents: shown, retrains }, () => {
    if (shown.length === 0) return id === undefined ? `${name} has had no incident` : `${name} has no incident ${id}`;
    return id === undefined ? list(shown) : shown.map(story).join('\n\n');
  });
  return id !== undefined && shown.length === 0 ? 3 : 0;
}

const byTime = (a: Incident, b: Incident) =>
  a.status === b.status ? (a.openedAt < b.openedAt ? 1 : -1) : a.status === 'OPEN' ? -1 : 1;

const list = (all: readonly Incident[]) =>
  table(
    ['INCIDENT', 'STATUS', 'SINCE', 'UNTIL', 'WHAT', 'NOW'],
    all.map((incident) => [
      incident.id,
      coloured(incident.status),
      shortTime(incident.openedAt),
      shortTime(incident.closedAt),
      plainLine(incident.details[0] ?? incident.cause),
      plainLine(standing(incident)),
    ]),
  );

function standing({ resolution, snoozedUntil, held, story: notes }: Incident): string {
  if (resolution !== null) return resolution;
  if (snoozedUntil !== null) return `snoozed until ${shortTime(snoozedUntil)}`;
  return held ? `held: ${held.why}` : (notes.at(-1)?.what ?? '');
}

const story = (incident: Incident) =>
  [
    `${incident.id}  ${coloured(incident.status)}`,
    ...incident.details.map((detail) => `  ${plainLine(detail)}`),
    ...incident.story.map(({ time, what }) => `  ${shortTime(time)}  ${plainLine(what)}`),
  ].join('\n');
