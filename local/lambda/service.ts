import type { ServiceFactory } from '../kernel/cloud.ts';
import { Aliases } from './aliases.ts';
import { AsyncQueue } from './async-queue.ts';
import { CodeStore } from './code-store.ts';
import { EventInvokes } from './event-invokes.ts';
import { EventSourceMappings } from './event-source-mappings.ts';
import { Invoker } from './execution/invoker.ts';
import { SandboxPool } from './execution/sandbox-pool.ts';
import { seededRandom } from './execution/seeded-random.ts';
import { FunctionUrls } from './function-urls.ts';
import { Functions } from './functions.ts';
import { lambdaHttp } from './http.ts';
import { Layers } from './layers.ts';
import { aliasOperations } from './operations/aliases.ts';
import { eventInvokeOperations } from './operations/event-invokes.ts';
import { eventSourceMappingOperations } from './operations/event-source-mappings.ts';
import { functionUrlOperations } from './operations/function-urls.ts';
import { functionOperations } from './operations/functions.ts';
import { invokeOperations } from './operations/invoke.ts';
import { layerOperations } from './operations/layers.ts';
import { permissionOperations } from './operations/permissions.ts';
import { settingOperations } from './operations/settings.ts';
import { versionOperations } from './operations/versions.ts';
import { Permissions } from './permissions.ts';
import { QueuePollers } from './queue-poller.ts';
import { aliasType } from './resource-types/alias.ts';
import { eventInvokeConfigType } from './resource-types/event-invoke-config.ts';
import { eventSourceMappingType } from './resource-types/event-source-mapping.ts';
import { functionType } from './resource-types/function.ts';
import { layerVersionType } from './resource-types/layer-version.ts';
import { permissionType } from './resource-types/permission.ts';
import { urlType } from './resource-types/url.ts';
import { versionType } from './resource-types/version.ts';
import { LambdaState } from './state.ts';
import { UrlRequests } from './url-requests.ts';

/** Lambda, with another seed for the choice between the versions of an alias. What it does and leaves out is in lambda.md. */
export const seededLambdaService =
  (seed: string): ServiceFactory =>
  (context) => {
    const state = new LambdaState(context);
    const codes = new CodeStore(context.store.folder('lambda/code'));
    const pool = new SandboxPool(state, codes);
    const functions = new Functions(state, codes, pool);
    const aliases = new Aliases(state);
    const permissions = new Permissions(state);
    const layers = new Layers(state, codes);
    const eventInvokes = new EventInvokes(state);
    const urls = new FunctionUrls(state);
    const invoker = new Invoker(state, pool, seededRandom(seed));
    const events = new AsyncQueue(state, invoker);
    const mappings = new EventSourceMappings(state);
    const pollers = new QueuePollers(state, invoker, mappings);
    const urlRequests = new UrlRequests(state, urls, invoker);
    const operations = {
      ...functionOperations(functions),
      ...versionOperations(functions),
      ...aliasOperations(state, aliases),
      ...invokeOperations(state, invoker, events),
      ...settingOperations(state),
      ...permissionOperations(state, permissions),
      ...eventInvokeOperations(state, eventInvokes),
      ...eventSourceMappingOperations(state, mappings),
      ...functionUrlOperations(state, urls),
      ...layerOperations(state, layers),
    };
    const api = lambdaHttp(context, operations);
    return {
      name: 'lambda',
      operations,
      http: (request, call) => (urlRequests.isFor(request) ? urlRequests.serve(request, call) : api(request, call)),
      unsigned: (request) => urlRequests.unsigned(request),
      resourceTypes: [
        functionType(functions),
        versionType(functions),
        aliasType(state, aliases),
        permissionType(permissions),
        urlType(state, urls),
        eventSourceMappingType(mappings),
        eventInvokeConfigType(eventInvokes),
        layerVersionType(codes, layers),
      ],
      killCaller(principal) {
        // A sandbox calls as its function's role, in a session that has the function's name.
        if (principal.kind === 'role') pool.killAll(principal.arn.split('/').at(-1) ?? '');
      },
      async resume() {
        functions.resume();
        events.resume();
        pollers.resume();
      },
      async stop() {
        events.stop();
        pollers.stop();
        await pool.stop();
      },
    };
  };

export const lambdaService: ServiceFactory = seededLambdaService('sluice');
