/**
 * Holm's step-down adjustment: comparing each adjusted p with α keeps the chance of even one false alarm within α,
 * whatever the dependence between the tests.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] ?? 0) - (pValues[b] ?? 0));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let floor = 0;
  order.forEach((index, rank) => {
    floor = Math.max(floor, Math.min(1, (pValues[index] ?? 1) * (pValues.length - rank)));
    adjusted[index] = floor;
  });
  return adjusted;
}

/**
 * Which p-values to list so that of those listed a share of `rate` at most is expected to be chance (Benjamini and
 * Hochberg 1995). Says where to look; what it lists has no error rate of its own.
 */
export function benjaminiHochberg(pValues: readonly number[], rate: number): boolean[] {
  const ascending = [...pValues].sort((a, b) => a - b);
  const within = ascending.findLastIndex((p, rank) => p <= (rate * (rank + 1)) / pValues.length);
  const largest = ascending[within] ?? -1;
  return pValues.map((p) => p <= largest);
}
