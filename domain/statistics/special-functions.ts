/**
 * The special functions that intervals and tests are made of. Accurate to about twelve digits over the ranges that gates,
 * drift and rollouts use; test/domain/statistics holds the golden values. Formula numbers are those of NIST's DLMF.
 */

const EPSILON = 1e-16;

/** P(Z ≤ z) for a standard normal Z, with full relative precision in both tails. */
export function normalCdf(z: number): number {
  const upper = gammaQ(0.5, (z * z) / 2) / 2;
  return z > 0 ? 1 - upper : upper;
}

/** P(Z > z): use it for p-values, where 1 − cdf would lose the digits. */
export const normalSf = (z: number): number => normalCdf(-z);

/** The z with P(Z ≤ z) = p. Halley's iteration from a rational start (Abramowitz and Stegun 26.2.23). */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let step = 0; step < 3; step += 1) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const newton = (normalCdf(z) - p) / density;
    z -= newton / (1 + (z * newton) / 2);
  }
  return z;
}

/** Student's t quantile by its expansion around the normal one (Abramowitz and Stegun 26.7.5); good from 5 degrees on. */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  const second = (5 * z5 + 16 * z3 + 3 * z) / 96;
  const third = (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / 384;
  return z + (z3 + z) / (4 * degrees) + second / degrees ** 2 + third / degrees ** 3;
}

/** P(T ≤ t) for Student's t. */
export function studentCdf(t: number, degrees: number): number {
  const tail = betaRegularized(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t > 0 ? 1 - tail : tail;
}

const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360];

/** ln Γ(x) for x > 0: Stirling's series (DLMF 5.11.1) after a shift to x ≥ 10. */
export function logGamma(x: number): number {
  if (x < 10) {
    let product = 1;
    let shifted = x;
    for (; shifted < 10; shifted += 1) product *= shifted;
    return logGamma(shifted) - Math.log(product);
  }
  const inverse = 1 / (x * x);
  const series = STIRLING.reduceRight((sum, coefficient) => coefficient + sum * inverse, 0) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}

/** The regularized upper incomplete gamma function Q(a, x). */
export function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1;
  return x < a + 1 ? 1 - gammaSeries(a, x) : gammaFraction(a, x);
}

/** The regularized lower incomplete gamma function P(a, x). */
export function gammaP(a: number, x: number): number {
  if (x <= 0) return 0;
  return x < a + 1 ? gammaSeries(a, x) : 1 - gammaFraction(a, x);
}

/** The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22). */
export function betaRegularized(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - betaRegularized(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const term = (index: number): number => {
    const m = Math.floor(index / 2);
    return index % 2 === 0
      ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
      : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return front / continuedFraction(1, (index) => [term(index), 1]);
}

/** P(K ≥ k) for K binomial with n trials of probability p: the exact one-sided test. */
export function binomialSf(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return betaRegularized(p, k, n - k + 1);
}

/** The x with P(X ≤ x) = p for X chi-square with k degrees of freedom, by bisection. */
export function chiSquareQuantile(p: number, k: number): number {
  let [low, high] = [0, k];
  while (gammaQ(k / 2, high / 2) > 1 - p) high *= 2;
  while (high - low > 1e-10 * high) {
    const middle = (low + high) / 2;
    if (gammaQ(k / 2, middle / 2) > 1 - p) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * P(X ≥ x) for X non-central chi-square with k degrees of freedom and non-centrality λ: a Poisson(λ/2) mixture of
 * Q(k/2 + j, x/2). The walk starts so far below λ/2 that what lies under it is below 1e-17 of the rest, and only goes
 * up, where Q's recurrence adds positive terms and cannot cancel.
 */
export function nonCentralChiSquareSf(x: number, k: number, lambda: number): number {
  if (x <= 0) return 1;
  const [mean, half] = [lambda / 2, x / 2];
  const start = Math.max(0, Math.floor(mean - 9 * Math.sqrt(mean) - 20));
  let a = k / 2 + start;
  let weight = Math.exp(logPoisson(start, mean));
  let q = gammaQ(a, half);
  let step = Math.exp(a * Math.log(half) - half - logGamma(a + 1));
  let sum = 0;
  let last = 0;
  for (let j = start; ; j += 1) {
    const term = weight * q;
    sum += term;
    if (j > mean && term <= last && term <= sum * EPSILON) return Math.min(1, sum);
    last = term;
    q += step;
    a += 1;
    step *= half / a;
    weight *= mean / (j + 1);
  }
}

/** ln of the non-central chi-square density: the same mixture of densities, summed outwards from its largest term. */
export function nonCentralChiSquareLogDensity(x: number, k: number, lambda: number): number {
  const [mean, half] = [lambda / 2, x / 2];
  // Terms grow while (λ/2)(x/2) > j (k/2 + j − 1).
  const peak = Math.max(0, Math.floor((1 - k / 2 + Math.sqrt((k / 2 - 1) ** 2 + 4 * mean * half)) / 2));
  const top = logPoisson(peak, mean) + (k / 2 + peak - 1) * Math.log(half) - half - logGamma(k / 2 + peak);
  let sum = 1;
  for (let j = peak, term = 1; term > EPSILON * sum; j += 1) {
    term *= (mean * half) / ((j + 1) * (k / 2 + j));
    sum += term;
  }
  for (let j = peak, term = 1; j > 0 && term > EPSILON * sum; j -= 1) {
    term *= (j * (k / 2 + j - 1)) / (mean * half);
    sum += term;
  }
  return top + Math.log(sum) - Math.LN2;
}

const logPoisson = (j: number, mean: number): number =>
  mean === 0 ? (j === 0 ? 0 : -Infinity) : j * Math.log(mean) - mean - logGamma(j + 1);

/** x^a e^−x / Γ(a + 1), the front factor of both expansions. */
const gammaFront = (a: number, x: number): number => Math.exp(a * Math.log(x) - x - logGamma(a + 1));

/** P(a, x) by its power series (DLMF 8.11.4), for x < a + 1. */
function gammaSeries(a: number, x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; term > sum * EPSILON; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return gammaFront(a, x) * sum;
}

/** Q(a, x) by its continued fraction (DLMF 8.9.2, even part), for x ≥ a + 1. */
function gammaFraction(a: number, x: number): number {
  const fraction = continuedFraction(x + 1 - a, (n) => [-n * (n - a), x + 2 * n + 1 - a]);
  return (gammaFront(a, x) * a) / fraction;
}

/** b0 + a1/(b1 + a2/(b2 + …)) by the modified Lentz method (DLMF 3.10(iii)); `next(n)` gives a_n and b_n. */
function continuedFraction(b0: number, next: (n: number) => [number, number]): number {
  const tiny = 1e-300;
  let f = b0 || tiny;
  let [c, d] = [f, 0];
  for (let n = 1; n < 100_000; n += 1) {
    const [a, b] = next(n);
    d = 1 / (b + a * d || tiny);
    c = b + a / c || tiny;
    const factor = c * d;
    f *= factor;
    if (Math.abs(factor - 1) < 1e-15) return f;
  }
  return f;
}
