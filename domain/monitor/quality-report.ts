import type { CohortItem, MonitorItem } from './record.ts';
import type { QualityReport } from './report.ts';
import type { QualitySummary } from './window.ts';

/** Days that a report tells of. */
const DAYS = 45;

/** What labels say of a version so far, as a report tells it. */
export function qualityReport(facts: {
  version: number;
  monitor: MonitorItem | null;
  cohorts: readonly CohortItem[];
  scored: readonly string[];
}): QualityReport {
  const { version, monitor, scored } = facts;
  const last = monitor?.lastCohort ?? null;
  const days = [...facts.cohorts].sort((a, b) => (a.day < b.day ? -1 : 1)).slice(-DAYS);
  return {
    version,
    signal: last?.signal ?? 'INSUFFICIENT',
    loss: last?.loss ?? null,
    limit: last?.limit ?? null,
    coverage: last?.coverage ?? null,
    sentence: last ? `${last.sentence}.` : waiting(days),
    details: (last?.slices ?? [])
      .filter(({ signal }) => signal === 'ALERT')
      .map(
        ({ column, value, loss, limit }) =>
          `${column} ${value ?? 'missing'}: ${percent(loss ?? 0)} wrong, up to ${percent(limit)} are tolerated`,
      )
      .slice(0, 5),
    scored: [...scored],
    measure: 'Share of wrong predictions',
    atEvaluation: last?.reference ?? null,
    interval: last?.interval ?? null,
    evidence: last?.evidence ?? null,
    needed: last?.needed ?? null,
    cohorts: days.map(({ day, status, rows, labelled, loss, signal }) => ({
      day,
      status,
      rows,
      labelled,
      loss,
      signal,
    })),
    slices: (last?.slices ?? []).map(({ column, value, n, loss, signal }) => ({ column, value, n, loss, signal })),
  };
}

/** Nothing while no labels have been judged yet. */
export function summarizeQuality(report: QualityReport | null): QualitySummary | null {
  if (!report || report.limit === null) return null;
  const { version, signal, loss, limit, coverage, sentence, details, scored } = report;
  return { version, signal, loss, limit, coverage, sentence, details, scored };
}

const waiting = (days: readonly CohortItem[]) =>
  days.some(({ labelled }) => labelled > 0)
    ? 'Labels have begun to come; too few yet to judge a day.'
    : 'No labels have come yet.';

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
