import type { FeatureVerdict, WindowVerdict } from '../drift/verdict.ts';
import { worst } from '../drift/worst.ts';
import { counted, listed, quoted, showCount, showNumber } from '../wording.ts';
import type { WindowReport } from './report.ts';
import type { QualitySummary, Signal, VersionSummary, WindowStatus } from './window.ts';

/** What a window means: from the verdicts of its versions to one status, one sentence, and the reasons. */

/** What was found about one version. */
export interface Judged {
  readonly version: number;
  readonly semver: string | null;
  readonly champion: boolean;
  readonly rows: number;
  readonly unjudged: string | null;
  readonly verdict: WindowVerdict | null;
}

/** The version in short, as the registry keeps it. */
export function summarize({ version, semver, champion, rows, unjudged, verdict }: Judged): VersionSummary {
  const known = { version, semver, champion, rows, unjudged };
  if (!verdict) {
    const unknown = { input: 'INSUFFICIENT', prediction: 'INSUFFICIENT', data: 'INSUFFICIENT' } as const;
    const nothing = { alerts: [], suspects: [], maxPsi: null, predictionPsi: null, findings: 0 };
    return { ...known, ...nothing, ...unknown, details: { input: [], prediction: [], data: [] } };
  }
  const alerting = named(verdict, verdict.alerts);
  const psis = verdict.features.flatMap(({ psi }) => (psi === null ? [] : [psi]));
  const sides = sidesOf(verdict);
  const findings = verdict.data.findings.filter(({ signal }) => signal !== 'NONE');
  return {
    ...known,
    alerts: alerting.slice(0, MOST_NAMES).map((column) => ({
      feature: column.name,
      psi: storable(column.psi ?? 0),
      confirmed: column.signal === 'ALERT',
    })),
    suspects: verdict.suspects.slice(0, MOST_NAMES),
    maxPsi: psis.length === 0 ? null : storable(psis.reduce((most, psi) => Math.max(most, psi), 0)),
    input: verdict.signal,
    prediction: verdict.prediction?.signal ?? 'NONE',
    predictionPsi: verdict.prediction?.psi == null ? null : storable(verdict.prediction.psi),
    data: verdict.data.signal,
    findings: findings.length + sides.length,
    details: {
      input: alerting.slice(0, MOST_DETAILS).map(told),
      prediction: verdict.prediction && isAlarm(verdict.prediction.signal) ? [told(verdict.prediction)] : [],
      data: [...findings, ...sides].map(({ sentence }) => sentence).slice(0, MOST_DETAILS),
    },
  };
}

/** Table items hold nothing between zero and 1e-130; an index of a billionth is none. */
const storable = (index: number) => Math.round(index * 1e9) / 1e9;

/** An item of the registry stays small, however many features a model has. */
const MOST_NAMES = 20;
const MOST_DETAILS = 5;

const named = ({ features }: WindowVerdict, names: readonly string[]): FeatureVerdict[] =>
  names.flatMap((name) => features.find((column) => column.name === name) ?? []);

/** Looks beside the distributions that alarm, with the name of their column. */
const sidesOf = ({ features }: WindowVerdict) =>
  features.flatMap(({ name, sides }) =>
    sides
      .filter(({ signal }) => isAlarm(signal))
      .map(({ signal, sentence }) => ({ signal, sentence: `${quoted(name)}: ${sentence}` })),
  );

const told = ({ name, sentence, psi }: FeatureVerdict) =>
  sentence ?? `${quoted(name)} moved${psi === null ? '' : `, index ${showNumber(psi)}`}`;

export const isAlarm = (signal: Signal) => signal === 'ALERT' || signal === 'ALERT_SINGLE';

/** What a window is judged from. */
export interface Findings {
  /** Objects of captures that nobody could read. */
  readonly brokenObjects: number;
  readonly captureStopped: boolean;
  /** The champion first. */
  readonly versions: readonly Judged[];
  readonly quality: QualitySummary | null;
}

export interface Conclusion {
  readonly status: WindowStatus;
  readonly sentence: string;
  readonly fired: WindowReport['fired'];
}

/** The champion's result is the window's; where it has no captures, that of who has. */
export function conclude(findings: Findings): Conclusion {
  const { versions, quality } = findings;
  const asked = versions.filter((version) => version.rows > 0 || version.unjudged !== null);
  const leading = asked.find(({ champion }) => champion) ?? asked[0] ?? null;
  const scored = quality !== null && quality.scored.length > 0;
  const fired = [...firedBy(findings), ...versions.flatMap((version) => firedOf(version, versions.length > 1))];
  if (quality && isAlarm(quality.signal) && (leading || scored))
    return { status: 'LOSS', sentence: quality.sentence, fired };
  if (findings.captureStopped)
    return { status: 'STOPPED', sentence: 'Requests were answered, and nothing of them was captured.', fired };
  if (!leading && findings.brokenObjects > 0) {
    const sentence = `${counted(findings.brokenObjects, 'object')} of captures could not be read, and there are no others.`;
    return { status: 'INSUFFICIENT', sentence, fired };
  }
  if (!leading) return { status: 'EMPTY', sentence: 'Nothing was asked in this window.', fired };
  if (!leading.verdict)
    return { status: 'INSUFFICIENT', sentence: `The captures cannot be judged: ${leading.unjudged}.`, fired };
  return { ...statusOf(leading.verdict), fired };
}

function statusOf(verdict: WindowVerdict): { status: WindowStatus; sentence: string } {
  const { signal, prediction, data, suspects, features } = verdict;
  const most = worst([signal, prediction?.signal ?? 'NONE', data.signal]);
  if (isAlarm(most)) return { status: 'DRIFT', sentence: driftSentence(verdict) };
  const watched = features.filter(({ unwatched }) => unwatched === null);
  const predictionsToo = prediction ? ' and the predictions' : '';
  if (most === 'SUSPECT') {
    const names =
      suspects.length > 0 ? `${nameList(suspects)} ${suspects.length === 1 ? 'looks' : 'look'}` : 'Something looks';
    return { status: 'SUSPECT', sentence: `Nothing to act on. ${names} a little unusual.` };
  }
  if (watched.length > 0 && watched.every((column) => column.signal === 'INSUFFICIENT')) {
    const n = Math.max(...watched.map((column) => column.n));
    const needs = Math.min(...watched.map((column) => column.needs));
    const sentence = `Too few predictions to tell: ${showCount(n)} of the ${showCount(needs)} that are needed. They are counted with the next window.`;
    return { status: 'INSUFFICIENT', sentence };
  }
  const all = watched.length === 1 ? 'The feature' : `All ${showCount(watched.length)} features`;
  return { status: 'OK', sentence: `${all}${predictionsToo} look as they did in training.` };
}

function driftSentence(verdict: WindowVerdict): string {
  const { alerts, prediction, data, signal } = verdict;
  const moved = prediction && isAlarm(prediction.signal);
  if (!isAlarm(signal)) {
    if (moved) return 'The predictions moved, and no single feature shows why.';
    const sentences = [...data.findings.filter((finding) => isAlarm(finding.signal)), ...sidesOf(verdict)].map(
      ({ sentence }) => `${sentence}.`,
    );
    return sentences[0] ?? 'The data is not what it was in training.';
  }
  const confirmed = signal === 'ALERT' ? 'which is confirmed' : 'seen in this window only';
  const and = moved ? 'and the predictions moved with it' : 'the predictions stayed as they were';
  const verb = 'moved away from training';
  return `${nameList(alerts)} ${verb}, ${confirmed}; ${prediction ? and : 'the predictions are not compared'}.`;
}

const nameList = (names: readonly string[]) => {
  const [first, second, third, ...rest] = names.map(quoted);
  const shown = [first, second, third].flatMap((name) => name ?? []);
  return listed(rest.length > 0 ? [...shown, counted(rest.length, 'more feature')] : shown);
};

function firedBy({ captureStopped, quality }: Findings): WindowReport['fired'] {
  return [
    ...(captureStopped
      ? [
          {
            signal: 'ALERT' as const,
            what: 'Capture stopped',
            why: 'Requests were answered with 200, and no capture of them arrived in time.',
          },
        ]
      : []),
    ...(quality && isAlarm(quality.signal)
      ? [
          {
            signal: quality.signal,
            what: quality.sentence,
            why: quality.details[0] ?? 'The labels of a whole day have come.',
          },
        ]
      : []),
  ];
}

function firedOf({ verdict, semver, version }: Judged, several: boolean): WindowReport['fired'] {
  if (!verdict) return [];
  const of = several ? ` (version ${semver ?? version})` : '';
  const columns = [
    ...named(verdict, verdict.alerts),
    ...(verdict.prediction && isAlarm(verdict.prediction.signal) ? [verdict.prediction] : []),
  ];
  return [
    ...columns.map((column) => ({
      signal: column.signal,
      what: `${column === verdict.prediction ? 'The predictions moved' : told(column)}${of}`,
      why: reason(column),
    })),
    ...[...verdict.data.findings, ...sidesOf(verdict)]
      .filter(({ signal }) => isAlarm(signal))
      .map(({ signal, sentence }) => ({
        signal,
        what: `${sentence}${of}`,
        why: signal === 'ALERT' ? 'In at least two windows in a row.' : 'In this window alone.',
      })),
  ].slice(0, MOST_FIRED);
}

const MOST_FIRED = 30;

function reason({ signal, psi, delta, p, evidence, needed, fresh }: FeatureVerdict): string {
  const index = psi === null ? '' : `Index ${showNumber(psi)} where ${showNumber(delta)} counts as unchanged. `;
  if (signal === 'ALERT') {
    const how = fresh
      ? 'The evidence gathered over the windows is complete.'
      : 'It was confirmed before, and no window has spoken against it since.';
    return `${index}${how}`;
  }
  const chance = p === null ? '' : `That much by chance: ${p < 1e-12 ? 'less than 1 in 10¹²' : p.toExponential(1)}. `;
  const more = `Evidence over windows ${showNumber(evidence)} of ${showCount(Math.round(needed))}; one window alone only tells people.`;
  return `${index}${chance}${more}`;
}
