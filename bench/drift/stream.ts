import type { NumericProfile, Profile, TrainingProfile } from '../../domain/profile.ts';
import { EDGE_QUANTILES } from '../../domain/profile.ts';
import type { Random } from '../../domain/statistics/random.ts';
import { normalCdf, normalQuantile } from '../../domain/statistics/special-functions.ts';
import { dirichlet, multinomial } from './draw.ts';

/** Normal features as their histograms: what a profile of such rows holds, drawn without the rows. */

/** What of the shape is different in a window: its mean in standard deviations, and its spread. */
export interface Shape {
  readonly mean?: number;
  readonly scale?: number;
}

export interface Stream {
  readonly reference: TrainingProfile;
  /** A window of `n` rows; `shape` tells how feature `index` is shaped now. */
  window(n: number, shape?: (index: number) => Shape): Profile;
}

/** Bounds of the bins and of the usual range, as shares of the training rows below them. */
const BOUNDS = [0.001, ...EDGE_QUANTILES, 0.999];

export function stream({ features, rows }: { features: number; rows: number }, source: Random): Stream {
  const inner = BOUNDS.map((share) => Math.max(1, Math.ceil(share * rows)));
  const upTo = [0, ...inner, rows];
  const segments = upTo.slice(1).map((to, index) => to - (upTo[index] ?? 0));
  const columns = Array.from({ length: features }, (_, index) => {
    // Where the quantiles of so many rows truly are is chance; all windows are held against that one draw.
    const shares = dirichlet(
      segments.map((count, bin) => (bin === segments.length - 1 ? count + 1 : count)),
      source,
    );
    let below = 0;
    const bounds = shares.slice(0, -1).map((share) => {
      below += share;
      return normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, below)));
    });
    return { bounds, reference: profileOf(`feature${index}`, segments) };
  });
  const target = profileOf('target', segments);
  const reference: TrainingProfile = {
    format: 1,
    rows,
    features: columns.map(({ reference: own }) => own),
    target,
    split: { rows, train: rows, test: 0, unused: 0, rejected: 0 },
  };
  return {
    reference,
    window: (n, shape) => ({
      format: 1,
      rows: n,
      features: columns.map(({ bounds, reference: own }, index) => {
        const { mean = 0, scale = 1 } = shape?.(index) ?? {};
        const below = [0, ...bounds.map((bound) => normalCdf((bound - mean) / scale)), 1];
        const shares = below.slice(1).map((to, bin) => to - (below[bin] ?? 0));
        return profileOf(own.name, multinomial(n, shares, source));
      }),
      target,
    }),
  };
}

const FRAME: NumericProfile['frame'] = {
  edges: EDGE_QUANTILES.map(normalQuantile),
  low: normalQuantile(0.001),
  high: normalQuantile(0.999),
  top: 0,
  unit: 2 ** -28,
};

function profileOf(name: string, segments: readonly number[]): NumericProfile {
  const [below = 0, ...rest] = segments;
  const above = rest.at(-1) ?? 0;
  const inner = rest.slice(0, -1);
  const counts = [below + (inner[0] ?? 0), ...inner.slice(1, -1), (inner.at(-1) ?? 0) + above];
  const n = segments.reduce((sum, count) => sum + count, 0);
  const nothing = { missing: 0, nan: 0, topCount: 0, sum: '0', sumSquares: '0', min: null, max: null };
  return { kind: 'numeric', name, frame: FRAME, counts, below, above, n, ...nothing };
}
