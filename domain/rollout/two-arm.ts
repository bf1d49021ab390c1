import * as z from 'zod';

/**
 * The two e-processes of a share of bad requests that two versions have at the same time, on evidence that may be looked
 * at whenever one likes (Turner, Ly and Grünwald, arXiv 2106.02693; Ville's inequality).
 *
 * Each factor is a likelihood ratio between what is hoped for and the null's nearest point to it (reverse information
 * projection); its expectation is at most 1 everywhere on the null, whatever the base rate is in that tick.
 */

export const tallySchema = z
  .object({ n: z.int().min(0), bad: z.int().min(0) })
  .refine(({ n, bad }) => bad <= n, { error: 'expected no more bad requests than requests' });
export type Tally = z.infer<typeof tallySchema>;

/** What both versions answered in the same span of time. */
export const armsSchema = z.object({ challenger: tallySchema, champion: tallySchema });
export type Arms = z.infer<typeof armsSchema>;

export const NOTHING: Tally = { n: 0, bad: 0 };

export const addTally = (a: Tally, b: Tally): Tally => ({ n: a.n + b.n, bad: a.bad + b.bad });

/** The champion's rate, smoothed by half a bad request (Krichevsky and Trofimov): never 0, never 1. */
export const baseRate = ({ n, bad }: Tally): number => (bad + 0.5) / (n + 1);

/** ln of the evidence against "worse by `delta` or more", from one tick; `base` comes from earlier ticks only. */
export function safeIncrement({ challenger, champion }: Arms, base: number, delta: number): number {
  const q = nearestHarm(challenger.n, champion.n, base, delta);
  return likelihoodRatio(challenger, base, q + delta) + likelihoodRatio(champion, base, q);
}

/** ln of the evidence against "no worse", from one tick. */
export function harmIncrement({ challenger, champion }: Arms, base: number, delta: number): number {
  const requests = challenger.n + champion.n;
  if (requests === 0) return 0;
  // Beside a champion that fails nearly always there is no room for `delta`; half the room is as good a bet as another.
  const worse = Math.min(base + delta, (1 + base) / 2);
  const q = (challenger.n * worse + champion.n * base) / requests;
  return likelihoodRatio(challenger, worse, q) + likelihoodRatio(champion, base, q);
}

/**
 * The champion's rate q at the point (q + δ, q) of the harmful versions that is nearest to "both at `base`": the argmin of
 * n_c·KL(base ‖ q + δ) + n_b·KL(base ‖ q), convex, by bisection on its derivative. It lies where one of the two terms
 * falls and the other rises: between base − δ and base.
 */
export function nearestHarm(challengers: number, champions: number, base: number, delta: number): number {
  let [low, high] = [Math.max(0, base - delta), Math.min(base, 1 - delta)];
  while (high - low > 1e-15) {
    const middle = (low + high) / 2;
    const slope = challengers * divergenceSlope(base, middle + delta) + champions * divergenceSlope(base, middle);
    if (slope > 0) high = middle;
    else low = middle;
  }
  return champions === 0 ? low : (low + high) / 2;
}

/** Kullback–Leibler divergence of two coins, in nats. */
export const divergence = (p: number, q: number): number => term(p, p / q) + term(1 - p, (1 - p) / (1 - q));

/**
 * Nats of evidence against harm that one unit of traffic brings on average while both versions are at `base`; the shares
 * say how much of the unit each of them answers. With an endless champion it is KL(base ‖ base + δ) a challenger's request.
 */
export function information(shares: { challenger: number; champion: number }, base: number, delta: number): number {
  const q = nearestHarm(shares.challenger, shares.champion, base, delta);
  return (
    shares.challenger * divergence(base, q + delta) + (shares.champion > 0 ? shares.champion * divergence(base, q) : 0)
  );
}

/** d/dq KL(p ‖ q). */
const divergenceSlope = (p: number, q: number) => (q - p) / (q * (1 - q));

const likelihoodRatio = ({ n, bad }: Tally, p: number, q: number) =>
  term(bad, p / q) + term(n - bad, (1 - p) / (1 - q));

/** count · ln(ratio); what did not happen counts nothing, even where it was impossible. */
const term = (count: number, ratio: number) => (count === 0 ? 0 : count * Math.log(ratio));
