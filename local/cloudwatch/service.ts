import type { ServiceFactory } from '../kernel/cloud.ts';
import { Alarms } from './alarms.ts';
import { DashboardBook } from './dashboards.ts';
import { MetricStore } from './metric-store.ts';
import { alarmOperations } from './operations/alarm-operations.ts';
import { dashboardOperations } from './operations/dashboard-operations.ts';
import { describeAlarms } from './operations/describe-alarms.ts';
import { getMetricData } from './operations/get-metric-data.ts';
import { getMetricStatistics } from './operations/get-metric-statistics.ts';
import { listMetrics } from './operations/list-metrics.ts';
import { putMetricData } from './operations/put-metric-data.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { alarmType, dashboardType } from './resources.ts';

/** Amazon CloudWatch: metrics by the minute, alarms with metric math, dashboards as text. See cloudwatch.md. */
export const cloudWatchService: ServiceFactory = (context) => {
  const metrics = new MetricStore(context);
  const alarms = new Alarms(context, metrics);
  const dashboards = new DashboardBook(context);
  return {
    name: 'monitoring',
    target: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    queryNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    operations: {
      PutMetricData: putMetricData(context, metrics),
      ListMetrics: listMetrics(metrics),
      GetMetricStatistics: getMetricStatistics(metrics),
      GetMetricData: getMetricData(metrics),
      ...alarmOperations(context, alarms),
      ...describeAlarms(context, alarms),
      ...tagOperations(alarms),
      ...dashboardOperations(dashboards),
    },
    resourceTypes: [alarmType(context, alarms), dashboardType(dashboards)],
    sinks: {
      putServiceMetric: ({ namespace, name, dimensions, value, unit }) =>
        metrics.put({ namespace, name, dimensions }, context.clock.now(), {
          values: [[value, 1]],
          ...(unit ? { unit } : {}),
        }),
    },
    resume: async () => alarms.resume(),
  };
};
