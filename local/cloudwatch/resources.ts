import type { ResourceType } from '../kernel/resource-type.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import { ALARM_PARAMETERS, alarmOf } from './alarm.ts';
import type { Alarms } from './alarms.ts';
import type { DashboardBook } from './dashboards.ts';
import { tagsOf } from './shapes.ts';

/** AWS::CloudWatch::Alarm. `Ref` is the name. */
export function alarmType(context: CloudContext, alarms: Alarms): ResourceType {
  const put = (name: string, properties: Document) => {
    const alarm = alarmOf({ ...properties, AlarmName: name }, context, alarms.find(name));
    alarms.put({ ...alarm, tags: tagsOf(properties.Tags) });
    return { physicalId: name, attributes: { Arn: alarm.arn } };
  };
  return {
    type: 'AWS::CloudWatch::Alarm',
    properties: ALARM_PARAMETERS,
    replacing: ['AlarmName'],
    create: async ({ properties, physicalName }) =>
      put(String(properties.AlarmName ?? physicalName({ length: 255 })), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => alarms.delete(physicalId),
  };
}

/** AWS::CloudWatch::Dashboard. `Ref` is the name. */
export function dashboardType(dashboards: DashboardBook): ResourceType {
  const put = (name: string, { DashboardBody }: Document) => {
    dashboards.put(name, String(DashboardBody));
    return { physicalId: name, attributes: {} };
  };
  return {
    type: 'AWS::CloudWatch::Dashboard',
    properties: ['DashboardName', 'DashboardBody'],
    replacing: ['DashboardName'],
    create: async ({ properties, physicalName }) =>
      put(String(properties.DashboardName ?? physicalName({ length: 255 })), properties),
    update: async ({ physicalId, properties }) => put(physicalId, properties),
    delete: async ({ physicalId }) => dashboards.delete(physicalId),
  };
}
