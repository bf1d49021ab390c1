import { type ColumnProfile, mergeProfiles, type Profile } from '../profile.ts';
import { mergeDelays, noDelays } from '../quality/maturity.ts';
import type { LabelledItem, ProfiledItem } from './flow.ts';

/** Everything that was captured of one version in a window. */
export interface VersionCaptures {
  readonly version: number;
  readonly rows: number;
  readonly profile: Profile | null;
  readonly predictions: ColumnProfile | null;
  readonly expected: { readonly n: number; readonly expected: number } | null;
  readonly brokenLines: number;
  readonly brokenObjects: readonly string[];
  readonly leftOut: number;
  readonly newColumns: Readonly<Record<string, number>>;
  readonly wrongTypes: Readonly<Record<string, number>>;
  /** Rows by feature that did not have it. */
  readonly absent: Readonly<Record<string, number>>;
  readonly unjudged: string | null;
}

/** The sum of what the children of the map found in the captures of a version, whatever their order. */
export function mergeItems(version: number, items: readonly ProfiledItem[]): VersionCaptures {
  const sum = (pick: (item: ProfiledItem) => number) => items.reduce((total, item) => total + pick(item), 0);
  const byName = (pick: (item: ProfiledItem) => Record<string, number>) => {
    const counts = new Map<string, number>();
    for (const item of items)
      for (const [name, count] of Object.entries(pick(item))) counts.set(name, (counts.get(name) ?? 0) + count);
    return counts;
  };
  const expected = items.flatMap((item) => item.expected ?? []);
  return {
    version,
    rows: sum((item) => item.rows),
    profile: items.flatMap((item) => item.profile ?? []).reduce<Profile | null>(added, null),
    predictions: predictionsOf(items),
    expected:
      expected.length === 0
        ? null
        : {
            n: expected.reduce((total, { n }) => total + n, 0),
            expected: expected.reduce((total, part) => total + part.expected, 0),
          },
    brokenLines: sum((item) => item.brokenLines),
    brokenObjects: items.flatMap((item) => item.brokenObjects),
    leftOut: sum((item) => item.leftOut),
    newColumns: Object.fromEntries(byName((item) => item.newColumns)),
    wrongTypes: Object.fromEntries(byName((item) => item.wrongTypes)),
    absent: Object.fromEntries(byName((item) => item.absent)),
    unjudged: items.find((item) => item.unjudged !== null)?.unjudged ?? null,
  };
}

const added = (sum: Profile | null, part: Profile) => (sum === null ? part : mergeProfiles(sum, part));

/** A column adds up as a profile of one. */
function predictionsOf(items: readonly ProfiledItem[]): ColumnProfile | null {
  const single = items.flatMap(({ predictions, rows }): Profile[] =>
    predictions === null ? [] : [{ format: 1, rows, features: [], target: predictions }],
  );
  return single.reduce<Profile | null>(added, null)?.target ?? null;
}

/** The sum of what the children of the map found when they matched one day with its labels. */
export function mergeLabelled(items: readonly LabelledItem[]) {
  const sum = (pick: (item: LabelledItem) => number) => items.reduce((total, item) => total + pick(item), 0);
  const slices = new Map<string, LabelledItem['slices'][number]>();
  for (const slice of items.flatMap((item) => item.slices)) {
    const key = JSON.stringify([slice.column, slice.value]);
    const before = slices.get(key) ?? { ...slice, n: 0, losses: 0 };
    slices.set(key, { ...before, n: before.n + slice.n, losses: before.losses + slice.losses });
  }
  return {
    rows: sum(({ rows }) => rows),
    labelled: sum(({ labelled }) => labelled),
    losses: sum(({ losses }) => losses),
    slices: [...slices.values()],
    delays: items.map(({ delays }) => delays).reduce(mergeDelays, noDelays),
  };
}
