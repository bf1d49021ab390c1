import { firstOpenDay } from '../../domain/monitor/cohorts.ts';
import { type CohortItem, cohortId, type MonitorItem } from '../../domain/monitor/record.ts';
import type { QualityReport } from '../../domain/monitor/report.ts';
import type { QualitySummary, WindowItem } from '../../domain/monitor/window.ts';
import type { FoundInWindow } from './found.ts';
import type { JudgedVersion } from './judge-version.ts';
import type { MonitorPorts } from './ports.ts';

/** What labels say, and all that has to be kept of a window beside itself. */
export interface JudgedQuality {
  readonly champion: QualitySummary | null;
  readonly reports: ReadonlyMap<number, QualityReport>;
  readonly monitors: readonly MonitorItem[];
  readonly cohorts: readonly CohortItem[];
}

export async function judgeQuality(
  facts: {
    window: WindowItem;
    champion: number | null;
    found: FoundInWindow | null;
    judged: readonly JudgedVersion[];
  },
  { registry }: MonitorPorts,
): Promise<JudgedQuality> {
  const { window, found, judged } = facts;
  const known = await registry.cohorts(firstOpenDay(window.to));
  const cohorts = openedBy(window, found).filter(({ id }) => !known.some((cohort) => cohort.id === id));
  return { champion: null, reports: new Map(), monitors: judged.flatMap(({ monitor }) => monitor ?? []), cohorts };
}

/** The days that the captures of a window belong to, version by version. */
function openedBy(window: WindowItem, found: FoundInWindow | null): CohortItem[] {
  const cohorts = new Map<string, CohortItem>();
  for (const { version, cohort, objects } of found?.plan.items ?? []) {
    if (cohort !== null) continue;
    for (const { key } of objects) {
      const day = /\/hour=(\d{4}-\d\d-\d\d)T/.exec(key)?.[1];
      if (day === undefined) continue;
      const id = cohortId(day, version);
      cohorts.set(id, {
        model: window.model,
        id,
        version,
        day,
        status: 'OPEN',
        rows: 0,
        labelled: 0,
        loss: null,
        signal: 'NONE',
        labelObjects: 0,
        lookedOn: null,
        window: null,
        revision: 1,
      });
    }
  }
  return [...cohorts.values()];
}
