import type { ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import type { Alarms } from './alarms.ts';
import { alarmOf } from './shapes.ts';

const ALARM_PROPERTIES = [
  'AlarmName',
  'AlarmDescription',
  'Namespace',
  'MetricName',
  'Dimensions',
  'Statistic',
  'ExtendedStatistic',
  'Period',
  'Metrics',
  'ComparisonOperator',
  'Threshold',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'TreatMissingData',
  'ActionsEnabled',
  'AlarmActions',
  'OKActions',
  'InsufficientDataActions',
  'Tags',
];

/** AWS::CloudWatch::Alarm. `Ref` is the name. */
export function alarmType(context: CloudContext, alarms: Alarms): ResourceType {
  const put = (name: string, properties: Document) => {
    alarms.put(alarmOf({ ...properties, AlarmName: name }, context, alarms.all.get(name)));
    return { physicalId: name, attributes: { Arn: alarms.get(name).arn } };
  };
  return {
    type: 'AWS::CloudWatch::Alarm',
    properties: ALARM_PROPERTIES,
    replacing: ['AlarmName'],
    create: async ({ properties, physicalName }) =>
      put(String(properties.AlarmName ?? physicalName({ length: 255 })), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => {
      alarms.all.delete(physicalId);
    },
  };
}

/** AWS::CloudWatch::Dashboard: kept as text; there is no console to draw it. */
export function dashboardType(dashboards: Collection<string>): ResourceType {
  const put = (name: string, { DashboardBody }: Document) => {
    JSON.parse(String(DashboardBody));
    dashboards.set(name, String(DashboardBody));
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::CloudWatch::Dashboard',
    properties: ['DashboardName', 'DashboardBody'],
    replacing: ['DashboardName'],
    create: async ({ properties, physicalName }) =>
      put(String(properties.DashboardName ?? physicalName({ length: 255 })), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => {
      dashboards.delete(physicalId);
    },
  };
}
