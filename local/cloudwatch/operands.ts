/** A series of windows, newest last; undefined where there is no data. */
export type Values = readonly (number | undefined)[];

/** What an expression computes with: a number, a series, or several. */
export type Operand = number | Values | SeriesList;

export interface SeriesList {
  readonly list: readonly Values[];
}

export const isList = (operand: Operand): operand is SeriesList => typeof operand === 'object' && 'list' in operand;

type Apply = (a: number, b: number) => number | undefined;

/** Applies an operator point by point; a point that is missing on one side is missing in the result. */
export function zip(left: Operand, right: Operand, length: number, apply: Apply): Operand {
  if (isList(left)) return { list: left.list.map((series) => zip(series, right, length, apply) as Values) };
  if (isList(right)) return { list: right.list.map((series) => zip(left, series, length, apply) as Values) };
  if (typeof left === 'number' && typeof right === 'number') return apply(left, right) ?? [];
  const at = (operand: number | Values, index: number) => (typeof operand === 'number' ? operand : operand[index]);
  return Array.from({ length }, (_, index) => {
    const [a, b] = [at(left, index), at(right, index)];
    return a === undefined || b === undefined ? undefined : apply(a, b);
  });
}

/** Applies a function to a series or to each of a list. */
export function eachSeries(operand: Operand, length: number, apply: (series: Values) => Values): Operand {
  if (isList(operand)) return { list: operand.list.map(apply) };
  return apply(typeof operand === 'number' ? Array<number>(length).fill(operand) : operand);
}
