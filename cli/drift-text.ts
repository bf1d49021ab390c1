import type { FeatureVerdict } from '../domain/drift/verdict.ts';
import type { VersionReport, WindowReport } from '../domain/monitor/report.ts';
import type { Signal } from '../domain/monitor/window.ts';
import { plainLine } from '../domain/wording.ts';
import { coloured, decimals, table } from './io.ts';

/** One feature as it stands now. */
export interface FeatureState {
  readonly name: string;
  readonly signal: Signal;
  readonly psi: number | null;
  /** Lower bound of the index: how far it moved at least. */
  readonly atLeast: number | null;
  /** Accumulated evidence as a share of what makes an alert. */
  readonly evidence: number | null;
  readonly since: string | null;
  readonly how: string | null;
}

const ATTENTION: Record<Signal, number> = { ALERT: 0, ALERT_SINGLE: 1, SUSPECT: 2, NONE: 3, INSUFFICIENT: 4 };

/** The features of a version, the ones that need a reader first. */
export function featureStates({ verdict }: VersionReport): FeatureState[] {
  const states = (verdict?.features ?? []).filter(({ unwatched }) => unwatched === null).map(stateOf);
  return states.sort((a, b) => ATTENTION[a.signal] - ATTENTION[b.signal] || (b.psi ?? -1) - (a.psi ?? -1));
}

export function stateOf(verdict: FeatureVerdict): FeatureState {
  const { name, psi, atLeast, evidence, needed, sides } = verdict;
  const side = sides.find(({ signal }) => signal === 'ALERT' || signal === 'ALERT_SINGLE');
  const worse = side && ATTENTION[side.signal] < ATTENTION[verdict.signal] ? side : null;
  return {
    name,
    signal: worse?.signal ?? verdict.signal,
    psi,
    atLeast,
    evidence: needed > 0 ? evidence / needed : null,
    since: worse?.since ?? verdict.since,
    how: verdict.sentence ?? side?.sentence ?? null,
  };
}

/** What a person reads of it. */
export function driftText(report: WindowReport, version: VersionReport): string {
  const states = featureStates(version);
  const prediction = version.verdict?.prediction;
  const head = `${report.model} ${version.semver ?? version.version}, window ${report.window.id}: ${plainLine(report.sentence)}`;
  if (version.unjudged !== null) return `${head}\n${plainLine(version.unjudged)}`;
  const rows = [...states, ...(prediction ? [{ ...stateOf(prediction), name: '(predictions)' }] : [])];
  return [head, '', table(['FEATURE', 'SIGNAL', 'PSI', 'AT LEAST', 'EVIDENCE', 'SINCE', 'HOW'], rows.map(row))].join(
    '\n',
  );
}

const row = ({ name, signal, psi, atLeast, evidence, since, how }: FeatureState) => [
  plainLine(name),
  coloured(signal),
  psi === null ? '' : decimals(psi),
  atLeast === null ? '' : decimals(atLeast),
  evidence === null ? '' : `${Math.min(100, Math.round(100 * evidence))} %`,
  since ?? '',
  plainLine(how ?? ''),
];
