import type { CohortItem } from './record.ts';
import { dayOf, GRACE_MS } from './window.ts';

/** When the predictions of a day are matched with the labels that have come for them. */

const DAY_MS = 86_400_000;

/** Days after which labels that are still missing are not waited for any more. */
export const LONGEST_WAIT_DAYS = 60;

/** The first day of which labels may still be looked at. */
export const firstOpenDay = (now: string) =>
  dayOf(new Date(Date.parse(now) - LONGEST_WAIT_DAYS * DAY_MS).toISOString());

/** Time since the end of a cohort's day, ms. */
export const ageOf = ({ day }: Pick<CohortItem, 'day'>, now: string) =>
  Date.parse(now) - Date.parse(`${day}T00:00:00Z`) - DAY_MS;

/**
 * The cohorts whose captures are worth reading again: the day is over, its labels should have come, and there are some
 * that the last look has not seen. Once a day at most: what is read are all captures of that day.
 */
export function dueCohorts(
  cohorts: readonly CohortItem[],
  known: { now: string; maturityMs: number | null; labelKeys: readonly string[] },
): CohortItem[] {
  const { now, labelKeys } = known;
  return cohorts
    .filter((cohort) => {
      const age = ageOf(cohort, now);
      if (cohort.status !== 'OPEN' || age < GRACE_MS || cohort.lookedOn === dayOf(now)) return false;
      return labelsSince(labelKeys, cohort.day) > cohort.labelObjects && age >= (known.maturityMs ?? 0);
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, MOST_AT_ONCE);
}

/** Days of captures that one window reads again; the others wait for the next. A write of the registry holds 100 items, too. */
const MOST_AT_ONCE = 10;

/** Objects of labels that may speak of a day: nothing is labelled before it was predicted. */
export const labelsSince = (labelKeys: readonly string[], day: string) =>
  labelKeys.filter((key) => (/\/day=(\d{4}-\d\d-\d\d)\//.exec(key)?.[1] ?? '') >= day).length;

/** Cohorts that have waited for too long. */
export const missedCohorts = (cohorts: readonly CohortItem[], now: string) =>
  cohorts.filter((cohort) => cohort.status === 'OPEN' && ageOf(cohort, now) > (LONGEST_WAIT_DAYS - 2) * DAY_MS);
