import type { TaskState } from '../definition/model.ts';
import { integrationOf } from '../integrations/catalog.ts';
import { parseResource } from '../integrations/resource.ts';
import type { Json } from '../json.ts';
import { runFunction } from './function-task.ts';
import { recoverable } from './recovery.ts';
import { runService } from './service-task.ts';
import type { Outgoing, Visit } from './visit.ts';

export async function task(visit: Visit<TaskState>): Promise<Outgoing> {
  return recoverable(visit, () => attempt(visit));
}

async function attempt(visit: Visit<TaskState>): Promise<Json> {
  const { Resource } = visit.state;
  const resource = parseResource(Resource);
  if (resource?.kind === 'function') return runFunction(visit, resource.arn);
  if (resource?.kind === 'service') {
    const integration = integrationOf(resource);
    if (integration) return runService(visit, resource, integration);
  }
  throw visit.failure('LocalCloudUnsupported', `The local cloud does not implement the task resource ${Resource}.`);
}
