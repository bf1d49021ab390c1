import type { LabelledItem, WorkItem } from '../../domain/monitor/flow.ts';
import type { MonitorPorts } from './ports.ts';

/** Matches captures of one day with the labels that have come for them. */
export async function matchLabels(
  { item }: { window: string; item: WorkItem },
  _ports: MonitorPorts,
): Promise<LabelledItem> {
  return {
    format: 1,
    id: item.id,
    version: item.version,
    cohort: item.cohort ?? '',
    rows: 0,
    labelled: 0,
    losses: 0,
    slices: [],
    delays: [],
  };
}
