import {
  type LabelledItem,
  labelledItemSchema,
  type ProfiledItem,
  profiledItemSchema,
} from '../../domain/monitor/flow.ts';
import { type WindowPlan, windowPlanSchema } from '../../domain/monitor/plan.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { WINDOW_FILES, windowPrefix } from '../../domain/names.ts';
import type { MonitorPorts } from './ports.ts';
import { readable } from './readable.ts';

/** What the children of the map have left behind. */
export interface FoundInWindow {
  readonly plan: WindowPlan;
  readonly planKey: string;
  readonly profiled: readonly ProfiledItem[];
  readonly labelled: readonly LabelledItem[];
  /** Objects of children that never came to an end, which the map tolerated. */
  readonly lostObjects: number;
}

export async function foundInWindow(window: WindowItem, ports: MonitorPorts): Promise<FoundInWindow> {
  const { objects, artifactBucket: bucket } = ports;
  const prefix = windowPrefix(window.model, window.id);
  const planKey = `${prefix}${WINDOW_FILES.plan}`;
  const plan = await objects.getJson({ bucket, key: planKey }, windowPlanSchema);
  const profiled: ProfiledItem[] = [];
  const labelled: LabelledItem[] = [];
  let lostObjects = 0;
  for (let at = 0; at < plan.items.length; at += AT_ONCE) {
    await Promise.all(
      plan.items.slice(at, at + AT_ONCE).map(async (item) => {
        const key = `${prefix}${WINDOW_FILES.profile(item.id)}`;
        if (item.cohort !== null) {
          const result = await readable(key, labelledItemSchema, ports);
          if (result) labelled.push(result);
          return;
        }
        const result = await readable(key, profiledItemSchema, ports);
        if (result) profiled.push(result);
        else lostObjects += item.objects.length;
      }),
    );
  }
  return { plan, planKey, profiled, labelled, lostObjects };
}

const AT_ONCE = 16;
