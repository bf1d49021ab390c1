/** One operation of Lambda's REST API. Parts of the path in braces are members of the input. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly action: string;
  /** @default 200 */
  readonly status?: number;
}

const FUNCTION = '/2015-03-31/functions/{FunctionName}';
const MAPPINGS = '/2015-03-31/event-source-mappings';
const EVENT_INVOKE = '/2019-09-25/functions/{FunctionName}/event-invoke-config';
const URL_CONFIG = '/2021-10-31/functions/{FunctionName}/url';
const TAGS = '/2017-03-31/tags/{Resource}';

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/2015-03-31/functions', action: 'CreateFunction', status: 201 },
  { method: 'GET', path: '/2015-03-31/functions', action: 'ListFunctions' },
  { method: 'GET', path: FUNCTION, action: 'GetFunction' },
  { method: 'DELETE', path: FUNCTION, action: 'DeleteFunction', status: 204 },
  { method: 'GET', path: `${FUNCTION}/configuration`, action: 'GetFunctionConfiguration' },
  { method: 'PUT', path: `${FUNCTION}/configuration`, action: 'UpdateFunctionConfiguration' },
  { method: 'PUT', path: `${FUNCTION}/code`, action: 'UpdateFunctionCode' },
  { method: 'POST', path: `${FUNCTION}/versions`, action: 'PublishVersion', status: 201 },
  { method: 'GET', path: `${FUNCTION}/versions`, action: 'ListVersionsByFunction' },
  { method: 'POST', path: `${FUNCTION}/aliases`, action: 'CreateAlias', status: 201 },
  { method: 'GET', path: `${FUNCTION}/aliases`, action: 'ListAliases' },
  { method: 'GET', path: `${FUNCTION}/aliases/{Name}`, action: 'GetAlias' },
  { method: 'PUT', path: `${FUNCTION}/aliases/{Name}`, action: 'UpdateAlias' },
  { method: 'DELETE', path: `${FUNCTION}/aliases/{Name}`, action: 'DeleteAlias', status: 204 },
  { method: 'POST', path: `${FUNCTION}/policy`, action: 'AddPermission', status: 201 },
  { method: 'GET', path: `${FUNCTION}/policy`, action: 'GetPolicy' },
  { method: 'DELETE', path: `${FUNCTION}/policy/{StatementId}`, action: 'RemovePermission', status: 204 },
  { method: 'PUT', path: '/2017-10-31/functions/{FunctionName}/concurrency', action: 'PutFunctionConcurrency' },
  { method: 'GET', path: '/2019-09-30/functions/{FunctionName}/concurrency', action: 'GetFunctionConcurrency' },
  {
    method: 'DELETE',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
    action: 'DeleteFunctionConcurrency',
    status: 204,
  },
  { method: 'PUT', path: EVENT_INVOKE, action: 'PutFunctionEventInvokeConfig' },
  { method: 'GET', path: EVENT_INVOKE, action: 'GetFunctionEventInvokeConfig' },
  { method: 'DELETE', path: EVENT_INVOKE, action: 'DeleteFunctionEventInvokeConfig', status: 204 },
  { method: 'POST', path: URL_CONFIG, action: 'CreateFunctionUrlConfig', status: 201 },
  { method: 'GET', path: URL_CONFIG, action: 'GetFunctionUrlConfig' },
  { method: 'PUT', path: URL_CONFIG, action: 'UpdateFunctionUrlConfig' },
  { method: 'DELETE', path: URL_CONFIG, action: 'DeleteFunctionUrlConfig', status: 204 },
  { method: 'POST', path: MAPPINGS, action: 'CreateEventSourceMapping', status: 202 },
  { method: 'GET', path: MAPPINGS, action: 'ListEventSourceMappings' },
  { method: 'GET', path: `${MAPPINGS}/{UUID}`, action: 'GetEventSourceMapping' },
  { method: 'PUT', path: `${MAPPINGS}/{UUID}`, action: 'UpdateEventSourceMapping', status: 202 },
  { method: 'DELETE', path: `${MAPPINGS}/{UUID}`, action: 'DeleteEventSourceMapping', status: 202 },
  { method: 'POST', path: TAGS, action: 'TagResource', status: 204 },
  { method: 'GET', path: TAGS, action: 'ListTags' },
  { method: 'DELETE', path: TAGS, action: 'UntagResource', status: 204 },
  { method: 'GET', path: '/2018-10-31/layers/{LayerName}/versions/{VersionNumber}', action: 'GetLayerVersion' },
  // `?find=LayerVersion` tells it from listing layers.
  { method: 'GET', path: '/2018-10-31/layers', action: 'GetLayerVersionByArn' },
];

const COMPILED = ROUTES.map((route) => {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return { route, names, pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, '([^/]+)')}/?$`) };
});

/** The operation that a request is for, with what its path says. */
export function findRoute(
  method: string,
  rawPath: string,
): { route: Route; labels: Record<string, string> } | undefined {
  for (const { route, names, pattern } of COMPILED) {
    const values = route.method === method ? pattern.exec(rawPath)?.slice(1) : undefined;
    if (!values) continue;
    const labels = names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]);
    return { route, labels: Object.fromEntries(labels) };
  }
  return undefined;
}
