/**
 * The area under the ROC curve with DeLong's variance, in O(n log n) (DeLong et al. 1988; Sun and Xu 2014). Sun and Xu
 * rank both classes together and apart; the difference of those midranks is what is counted here in one sorted pass.
 */
export interface Auc {
  readonly auc: number;
  readonly positives: number;
  readonly negatives: number;
  /** For each positive, the share of negatives that it beats (ties count half); for each negative, the share of positives that beat it. */
  readonly placements: Float64Array;
}

/** Undefined when one of the classes is absent. */
export function auc(truth: ArrayLike<number>, scores: ArrayLike<number>): Auc | undefined {
  const rows = truth.length;
  let positives = 0;
  for (let row = 0; row < rows; row += 1) positives += truth[row] ? 1 : 0;
  const negatives = rows - positives;
  if (positives === 0 || negatives === 0) return undefined;

  const order = sortedRows(scores);
  const placements = new Float64Array(rows);
  let [below, beneath, sum] = [0, 0, 0];
  for (let from = 0; from < rows; ) {
    const score = at(scores, at(order, from));
    let to = from;
    let tiedPositives = 0;
    for (; to < rows && at(scores, at(order, to)) === score; to += 1) tiedPositives += truth[at(order, to)] ? 1 : 0;
    const tiedNegatives = to - from - tiedPositives;
    const won = (below + tiedNegatives / 2) / negatives;
    const lost = (positives - beneath - tiedPositives / 2) / positives;
    for (let rank = from; rank < to; rank += 1) {
      const row = at(order, rank);
      placements[row] = truth[row] ? won : lost;
    }
    sum += won * tiedPositives;
    below += tiedNegatives;
    beneath += tiedPositives;
    from = to;
  }
  return { auc: sum / positives, positives, negatives, placements };
}

export interface Spread {
  readonly standardError: number;
  /** Welch's degrees of freedom of the two classes; few positives make the standard error itself uncertain. */
  readonly degrees: number;
}

/** DeLong's spread of an AUC, or, with `other` on the same rows, of the difference of two; undefined below two rows a class. */
export function delong(truth: ArrayLike<number>, of: Auc, other?: Auc): Spread | undefined {
  if (of.positives < 2 || of.negatives < 2) return undefined;
  const value = (row: number) => at(of.placements, row) - (other ? at(other.placements, row) : 0);
  const mean = of.auc - (other?.auc ?? 0);
  let [positive, negative] = [0, 0];
  for (let row = 0; row < truth.length; row += 1) {
    const squared = (value(row) - mean) ** 2;
    if (truth[row]) positive += squared;
    else negative += squared;
  }
  const [p, n] = [positive / (of.positives - 1) / of.positives, negative / (of.negatives - 1) / of.negatives];
  const pooled = p ** 2 / (of.positives - 1) + n ** 2 / (of.negatives - 1);
  return {
    standardError: Math.sqrt(p + n),
    degrees: pooled > 0 ? (p + n) ** 2 / pooled : of.positives + of.negatives - 2,
  };
}

/** Row numbers in ascending order of their scores. */
function sortedRows(scores: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: scores.length }, (_, row) => row);
  return order.sort((a, b) => at(scores, a) - at(scores, b));
}

/** Row numbers are within the arrays by construction. */
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? 0;
