import type { ServiceFactory } from '../kernel/cloud.ts';
import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document, Operation } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import type { AlarmState } from './alarm-state.ts';
import { Alarms } from './alarms.ts';
import { evaluate, type Values } from './metric-math.ts';
import { isStatistic, MetricStore, type Sample } from './metric-store.ts';
import { alarmType, dashboardType } from './resources.ts';
import { alarmOf, alarmShape, dimensionList, dimensionsOf, metricOf, queryOf, timeOf } from './shapes.ts';

/** Amazon CloudWatch: metrics by the minute, alarms with metric math, dashboards as text. See cloudwatch.md. */
export const cloudWatchService: ServiceFactory = (context) => {
  const metrics = new MetricStore(context);
  const alarms = new Alarms(context, metrics);
  const dashboards = context.store.collection<string>('monitoring.dashboards');
  return {
    name: 'monitoring',
    target: 'GraniteServiceVersion20100801',
    jsonVersion: '1.0',
    queryNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    operations: {
      ...metricOperations(context, metrics),
      ...alarmOperations(context, alarms),
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
    resume: async () => alarms.start(),
  };
};

const anywhere = (action: string) => () => [{ action: `cloudwatch:${action}`, resource: '*' }];

function metricOperations(context: CloudContext, metrics: MetricStore): Record<string, Operation> {
  return {
    PutMetricData: {
      access: (input) => [
        {
          action: 'cloudwatch:PutMetricData',
          resource: '*',
          context: { 'cloudwatch:namespace': String(input.Namespace) },
        },
      ],
      handle: async (input) => {
        const namespace = String(input.Namespace);
        if (namespace.startsWith('AWS/')) {
          throw new AwsError('InvalidParameterValue', 'The value AWS/ for parameter Namespace is invalid.');
        }
        for (const datum of input.MetricData as Document[]) {
          const at = datum.Timestamp === undefined ? context.clock.now() : timeOf(datum.Timestamp);
          metrics.put(
            { namespace, name: String(datum.MetricName), dimensions: dimensionsOf(datum.Dimensions) },
            at,
            sampleOf(datum),
          );
        }
        return {};
      },
    },
    ListMetrics: {
      access: anywhere('ListMetrics'),
      handle: async (input) => {
        const wanted = dimensionsOf(input.Dimensions);
        const found = metrics
          .ids()
          .filter(
            ({ namespace, name, dimensions }) =>
              (input.Namespace === undefined || input.Namespace === namespace) &&
              (input.MetricName === undefined || input.MetricName === name) &&
              Object.entries(wanted).every(
                ([key, value]) => key in dimensions && (value === undefined || dimensions[key] === value),
              ),
          );
        return {
          Metrics: found.map(({ namespace, name, dimensions }) => ({
            Namespace: namespace,
            MetricName: name,
            Dimensions: dimensionList(dimensions),
          })),
        };
      },
    },
    GetMetricStatistics: {
      access: anywhere('GetMetricStatistics'),
      handle: async (input) => getMetricStatistics(metrics, input),
    },
    GetMetricData: {
      access: anywhere('GetMetricData'),
      handle: async (input) => getMetricData(metrics, input),
    },
  };
}

function sampleOf({ Value, Values, Counts, StatisticValues, Unit }: Document): Sample {
  const unit = Unit === undefined ? {} : { unit: String(Unit) };
  if (Array.isArray(Values)) {
    const counts = (Counts as unknown[] | undefined) ?? [];
    return { values: Values.map((value, index) => [Number(value), Number(counts[index] ?? 1)] as const), ...unit };
  }
  if (StatisticValues !== undefined) throw new Unsupported('the parameter StatisticValues of cloudwatch:PutMetricData');
  return { values: [[Number(Value), 1]], ...unit };
}

/** The windows of a range, each `period` seconds, aligned to it. */
function windows(input: Document, period: number): number[] {
  const length = period * 1000;
  const [start, end] = [Math.floor(timeOf(input.StartTime) / length) * length, timeOf(input.EndTime)];
  const count = Math.ceil((end - start) / length);
  if (!(count >= 0) || count > 100_800)
    throw new AwsError('InvalidParameterCombination', 'The time range holds too many data points');
  return Array.from({ length: count }, (_, index) => start + index * length);
}

function getMetricStatistics(metrics: MetricStore, input: Document): Document {
  const period = Number(input.Period);
  const metric = metricOf(input);
  const names = [
    ...((input.Statistics as string[] | undefined) ?? []),
    ...((input.ExtendedStatistics as string[] | undefined) ?? []),
  ];
  const unknown = names.find((name) => !isStatistic(name));
  if (unknown !== undefined) throw new Unsupported(`the statistic ${unknown}`);
  const Datapoints = windows(input, period).flatMap((from) => {
    const values = names.map((name) => [name, metrics.statistic(metric, name, from, from + period * 1000)] as const);
    if (values.every(([, value]) => value === undefined)) return [];
    const plain = values.filter(([name]) => !name.startsWith('p'));
    const extended = values.filter(([name]) => name.startsWith('p'));
    return [
      {
        Timestamp: new Date(from),
        ...Object.fromEntries(plain),
        ...(extended.length > 0 ? { ExtendedStatistics: Object.fromEntries(extended) as unknown } : {}),
        Unit: metrics.unit(metric, from, from + period * 1000),
      },
    ];
  });
  return { Label: metric.name, Datapoints };
}

function getMetricData(metrics: MetricStore, input: Document): Document {
  const queries = (input.MetricDataQueries as Document[]).map(queryOf);
  const period = Math.max(60, ...queries.map(({ stat }) => stat?.period ?? 0));
  const times = windows(input, period);
  const series = new Map<string, Values>();
  for (const { id, stat } of queries) {
    if (stat)
      series.set(
        id,
        times.map((from) => metrics.statistic(stat.metric, stat.statistic, from, from + period * 1000)),
      );
  }
  for (const { id, expression } of queries) {
    if (expression !== undefined) series.set(id, evaluate(expression, series, times.length));
  }
  const newestFirst = input.ScanBy !== 'TimestampAscending';
  const MetricDataResults = queries
    .filter(({ returnData }) => returnData)
    .map(({ id, stat, expression }) => {
      const points = times
        .map((time, index) => ({ time, value: series.get(id)?.[index] }))
        .filter(({ value }) => value !== undefined);
      if (newestFirst) points.reverse();
      return {
        Id: id,
        Label: stat?.metric.name ?? expression ?? id,
        Timestamps: points.map(({ time }) => new Date(time)),
        Values: points.map(({ value }) => value),
        StatusCode: 'Complete',
      };
    });
  return { MetricDataResults, Messages: [] };
}

function alarmOperations(context: CloudContext, alarms: Alarms): Record<string, Operation> {
  const arnOf = (name: unknown) => `arn:aws:cloudwatch:${context.region}:${context.account}:alarm:${String(name)}`;
  const onNames = (action: string) => (input: Document) =>
    (input.AlarmNames as string[]).map((name) => ({ action: `cloudwatch:${action}`, resource: arnOf(name) }));
  const onName = (action: string) => (input: Document) => [
    { action: `cloudwatch:${action}`, resource: arnOf(input.AlarmName) },
  ];
  const enable = (actionsEnabled: boolean) => async (input: Document) => {
    for (const name of input.AlarmNames as string[]) alarms.all.set(name, { ...alarms.get(name), actionsEnabled });
    return {};
  };
  return {
    PutMetricAlarm: {
      access: onName('PutMetricAlarm'),
      handle: async (input) => {
        alarms.put(alarmOf(input, context, alarms.all.get(String(input.AlarmName))));
        return {};
      },
    },
    DeleteAlarms: {
      access: onNames('DeleteAlarms'),
      handle: async (input) => {
        for (const name of input.AlarmNames as string[]) alarms.get(name);
        for (const name of input.AlarmNames as string[]) alarms.all.delete(name);
        return {};
      },
    },
    DescribeAlarms: {
      access: () => [{ action: 'cloudwatch:DescribeAlarms', resource: arnOf('*') }],
      handle: async (input) => {
        const {
          AlarmNames,
          AlarmNamePrefix = '',
          StateValue,
        } = input as { [key: string]: unknown; AlarmNames?: string[] };
        const found = [...alarms.all.values()].filter(
          ({ name, state }) =>
            (AlarmNames?.includes(name) ?? true) &&
            name.startsWith(String(AlarmNamePrefix)) &&
            (StateValue === undefined || StateValue === state),
        );
        return { MetricAlarms: found.map(alarmShape), CompositeAlarms: [] };
      },
    },
    DescribeAlarmHistory: {
      access: () => [{ action: 'cloudwatch:DescribeAlarmHistory', resource: arnOf('*') }],
      handle: async (input) => {
        const items = [...alarms.history.values()].filter(
          ({ alarm }) => input.AlarmName === undefined || input.AlarmName === alarm,
        );
        return {
          AlarmHistoryItems: items.reverse().map(({ alarm, at, type, summary }) => ({
            AlarmName: alarm,
            AlarmType: 'MetricAlarm',
            Timestamp: new Date(at),
            HistoryItemType: type,
            HistorySummary: summary,
          })),
        };
      },
    },
    SetAlarmState: {
      access: onName('SetAlarmState'),
      handle: async (input) => {
        const state = String(input.StateValue);
        if (!['OK', 'ALARM', 'INSUFFICIENT_DATA'].includes(state)) {
          throw new AwsError('ValidationError', `Value '${state}' at 'stateValue' is not a state of an alarm`);
        }
        alarms.setState(String(input.AlarmName), state as AlarmState, String(input.StateReason));
        return {};
      },
    },
    EnableAlarmActions: { access: onNames('EnableAlarmActions'), handle: enable(true) },
    DisableAlarmActions: { access: onNames('DisableAlarmActions'), handle: enable(false) },
  };
}

function dashboardOperations(dashboards: Collection<string>): Record<string, Operation> {
  const get = (name: unknown): string => {
    const body = dashboards.get(String(name));
    if (body === undefined)
      throw new AwsError('ResourceNotFound', `Dashboard ${String(name)} does not exist`, { status: 404 });
    return body;
  };
  return {
    GetDashboard: {
      access: anywhere('GetDashboard'),
      handle: async (input) => ({ DashboardName: input.DashboardName, DashboardBody: get(input.DashboardName) }),
    },
    ListDashboards: {
      access: anywhere('ListDashboards'),
      handle: async () => ({ DashboardEntries: [...dashboards.keys()].map((DashboardName) => ({ DashboardName })) }),
    },
  };
}
