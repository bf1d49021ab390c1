import { AwsError, Unsupported } from '../kernel/errors.ts';
import { asSeries, compileExpression } from './metric-math.ts';
import type { MetricId } from './metric-store.ts';
import type { Values } from './operands.ts';
import { isStatistic } from './statistics.ts';

/** A metric with the statistic and the length of a data point in seconds. */
export interface MetricStat {
  readonly metric: MetricId;
  readonly statistic: string;
  readonly period: number;
}

/** One of the metrics of an alarm or of GetMetricData: a statistic, or an expression over the others. */
export interface MetricQuery {
  readonly id: string;
  readonly stat?: MetricStat;
  readonly expression?: string;
  readonly label?: string;
  readonly returnData: boolean;
}

/** The windows of a period, and what a statistic is in each. */
export interface Grid {
  length(period: number): number;
  values(stat: MetricStat): Values;
}

export interface QueryResult {
  readonly period: number;
  readonly values: Values;
}

/** Computes what queries ask for, each when it is needed: an expression may name one that stands after it. */
export function resolver(queries: readonly MetricQuery[], grid: Grid): (id: string) => QueryResult {
  const done = new Map<string, QueryResult>();
  const stats = queries.filter(({ stat }) => stat);
  const resolve = (id: string): QueryResult => {
    const known = done.get(id);
    if (known) return known;
    const query = queries.find((other) => other.id === id);
    const result = query?.stat ? { period: query.stat.period, values: grid.values(query.stat) } : compute(query);
    done.set(id, result);
    return result;
  };
  const compute = (query: MetricQuery | undefined): QueryResult => {
    const { evaluate, references, usesMetrics } = compileExpression(query?.expression ?? '');
    const inputs = [...references, ...(usesMetrics ? stats.map(({ id }) => id) : [])].map(resolve);
    const period = onePeriod(inputs.map((input) => input.period));
    const length = grid.length(period);
    const metrics = () => stats.map(({ id }) => resolve(id).values);
    return { period, values: asSeries(evaluate({ length, metrics, series: (id) => resolve(id).values }), length) };
  };
  return resolve;
}

function onePeriod(periods: readonly number[]): number {
  const [period = 60, ...others] = periods;
  if (others.some((other) => other !== period)) throw new Unsupported('expressions over metrics of different periods');
  return period;
}

/** Refuses queries that could not be computed. */
export function checkQueries(queries: readonly MetricQuery[]): void {
  for (const { id, stat, expression } of queries) {
    if (!/^[a-z]\w*$/.test(id)) throw invalid(`The value ${id} is not a valid id: it begins with a lower case letter`);
    if (stat) checkStat(stat);
    else if (expression === undefined) throw invalid(`The query ${id} has neither MetricStat nor Expression`);
  }
  if (new Set(queries.map(({ id }) => id)).size < queries.length)
    throw invalid('The ids of the queries are not unique');
  for (const query of queries) checkReferences(query, queries, []);
}

function checkStat({ statistic, period }: MetricStat): void {
  if (!isStatistic(statistic)) throw new Unsupported(`the statistic ${statistic}`);
  if (period === 10 || period === 20 || period === 30) throw new Unsupported(`periods of ${period} seconds`);
  if (!(period > 0) || period % 60 !== 0) throw invalid(`Period must be a multiple of 60, not ${period}`);
}

/** Every id that an expression names stands for a query, and none of them for itself. */
function checkReferences(
  { id, expression }: MetricQuery,
  queries: readonly MetricQuery[],
  above: readonly string[],
): void {
  if (above.includes(id)) throw invalid(`The expression ${id} refers to itself`);
  if (expression === undefined) return;
  for (const reference of compileExpression(expression).references) {
    const query = queries.find((other) => other.id === reference);
    if (!query) throw invalid(`Error in expression '${id}': ${reference} is not one of the ids of the request`);
    checkReferences(query, queries, [...above, id]);
  }
}

const invalid = (message: string) => new AwsError('ValidationError', message);
