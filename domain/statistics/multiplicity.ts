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
