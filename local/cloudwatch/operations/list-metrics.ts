import { Unsupported } from '../../kernel/errors.ts';
import { pageOf } from '../../kernel/page.ts';
import type { Operation } from '../../kernel/service.ts';
import type { MetricStore } from '../metric-store.ts';
import { dimensionsOf, metricShape } from '../shapes.ts';

const PAGE = 500;

export function listMetrics(metrics: MetricStore): Operation {
  return {
    access: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
    async handle({ Namespace, MetricName, Dimensions, NextToken, ...rest }) {
      const other = Object.keys(rest)[0];
      if (other) throw new Unsupported(`the parameter ${other} of cloudwatch:ListMetrics`);
      const wanted = Object.entries(dimensionsOf(Dimensions));
      const found = metrics
        .ids()
        .filter(
          ({ namespace, name, dimensions }) =>
            (Namespace === undefined || Namespace === namespace) &&
            (MetricName === undefined || MetricName === name) &&
            wanted.every(([key, value]) => key in dimensions && (value === undefined || dimensions[key] === value)),
        );
      const page = pageOf(found, { token: NextToken, limit: PAGE });
      return { Metrics: page.items.map(metricShape), NextToken: page.next };
    },
  };
}
