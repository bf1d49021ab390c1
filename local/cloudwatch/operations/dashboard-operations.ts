import { pageOf } from '../../kernel/page.ts';
import type { Operation } from '../../kernel/service.ts';
import type { DashboardBook } from '../dashboards.ts';

const PAGE = 100;

export function dashboardOperations(dashboards: DashboardBook): Record<string, Operation> {
  const on = (action: string, name: unknown) => [{ action: `cloudwatch:${action}`, resource: dashboards.arnOf(name) }];
  return {
    PutDashboard: {
      access: (input) => on('PutDashboard', input.DashboardName),
      handle: async (input) => {
        dashboards.put(String(input.DashboardName), String(input.DashboardBody));
        return { DashboardValidationMessages: [] };
      },
    },
    GetDashboard: {
      access: (input) => on('GetDashboard', input.DashboardName),
      handle: async (input) => {
        const { name, arn, body } = dashboards.get(input.DashboardName);
        return { DashboardName: name, DashboardArn: arn, DashboardBody: body };
      },
    },
    ListDashboards: {
      access: () => on('ListDashboards', '*'),
      handle: async (input) => {
        const prefix = String(input.DashboardNamePrefix ?? '');
        const found = dashboards.all().filter(({ name }) => name.startsWith(prefix));
        const page = pageOf(found, { token: input.NextToken, limit: PAGE });
        const entries = page.items.map(({ name, arn, body, modifiedAt }) => ({
          DashboardName: name,
          DashboardArn: arn,
          LastModified: new Date(modifiedAt),
          Size: Buffer.byteLength(body),
        }));
        return { DashboardEntries: entries, NextToken: page.next };
      },
    },
    DeleteDashboards: {
      access: (input) => (input.DashboardNames as string[]).flatMap((name) => on('DeleteDashboards', name)),
      handle: async (input) => {
        const names = input.DashboardNames as string[];
        for (const name of names) dashboards.get(name);
        for (const name of names) dashboards.delete(name);
        return {};
      },
    },
  };
}
