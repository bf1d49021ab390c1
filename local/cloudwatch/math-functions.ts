import { eachSeries, isList, type Operand, type Values } from './operands.ts';

export interface MathFunction {
  /** How many operands it takes. */
  readonly arity: readonly number[];
  apply(operands: readonly Operand[], length: number): Operand;
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list */
export const FUNCTIONS: Readonly<Record<string, MathFunction>> = {
  ABS: pointwise(Math.abs),
  CEIL: pointwise(Math.ceil),
  FLOOR: pointwise(Math.floor),
  SUM: folding((values) => values.reduce((sum, value) => sum + value, 0)),
  AVG: folding((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
  MIN: folding((values) => Math.min(...values)),
  MAX: folding((values) => Math.max(...values)),
  FILL: { arity: [1, 2], apply: fill },
  IF: { arity: [2, 3], apply: choose },
  TIME_SERIES: { arity: [1], apply: ([value = 0], length) => eachSeries(value, length, (series) => series) },
};

function pointwise(compute: (value: number) => number): MathFunction {
  const map = (series: Values) => series.map((value) => (value === undefined ? undefined : compute(value)));
  return { arity: [1], apply: ([operand = 0], length) => eachSeries(operand, length, map) };
}

/** Of several series a series, of one series a number. */
function folding(fold: (values: readonly number[]) => number): MathFunction {
  const known = (values: Values) => values.filter((value) => value !== undefined);
  const folded = (values: Values) => (known(values).length === 0 ? undefined : fold(known(values)));
  return {
    arity: [1],
    apply([operand = 0], length) {
      if (typeof operand === 'number') return operand;
      if (!isList(operand)) return folded(operand) ?? [];
      return Array.from({ length }, (_, index) => folded(operand.list.map((series) => series[index])));
    },
  };
}

/** Without a second operand a gap repeats what came before it. */
function fill([operand = 0, filler]: readonly Operand[], length: number): Operand {
  const at = (index: number) =>
    typeof filler === 'number' ? filler : filler === undefined || isList(filler) ? undefined : filler[index];
  return eachSeries(operand, length, (series) => {
    let last: number | undefined;
    return Array.from({ length }, (_, index) => {
      last = series[index] ?? (filler === undefined ? last : at(index));
      return last;
    });
  });
}

function choose([condition = 0, yes = 0, no]: readonly Operand[], length: number): Operand {
  const at = (operand: Operand | undefined, index: number) =>
    typeof operand === 'number' ? operand : operand === undefined || isList(operand) ? undefined : operand[index];
  return Array.from({ length }, (_, index) => {
    const value = at(condition, index);
    return value === undefined ? undefined : at(value !== 0 ? yes : no, index);
  });
}
