import { requireTrust } from '../../iam/trust.ts';
import { AwsError } from '../../kernel/errors.ts';
import type { CloudContext, Document } from '../../kernel/service.ts';
import { containersOf, statesOf } from '../definition/containers.ts';
import { describeDiagnostics } from '../definition/diagnostic.ts';
import { languageOf, type MachineType, validateDefinition } from '../definition/validate.ts';
import { integrationOf } from '../integrations/catalog.ts';
import { parseResource } from '../integrations/resource.ts';
import type { LoggingConfiguration } from '../records.ts';

type Fields = Record<string, unknown>;

/** Refuses a definition that the service would refuse, and one that this cloud cannot run. */
export function checkDefinition(text: string, type: MachineType): void {
  const diagnostics = validateDefinition(text, type);
  if (diagnostics.length > 0) throw invalidDefinition(describeDiagnostics(diagnostics));
  const definition = JSON.parse(text) as Fields;
  for (const [state, path] of everyState(definition, '')) {
    const language = 'QueryLanguage' in state ? languageOf(state) : languageOf(definition);
    if (language !== 'JSONata') {
      throw invalidDefinition(
        `SCHEMA_VALIDATION_FAILED: The local cloud executes JSONata: set 'QueryLanguage' to 'JSONata' for the state machine or for this state; '${language}' is not executed at ${path}`,
      );
    }
    const problem = state.Type === 'Task' ? unsupportedResource(String(state.Resource)) : undefined;
    if (problem) throw invalidDefinition(`SCHEMA_VALIDATION_FAILED: ${problem} at ${path}/Resource`);
  }
}

export const invalidDefinition = (problems: string) =>
  new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${problems}'`);

function unsupportedResource(arn: string): string | undefined {
  const resource = parseResource(arn);
  const known =
    resource?.kind === 'function' || (resource?.kind === 'service' && integrationOf(resource) !== undefined);
  return known ? undefined : `The local cloud does not implement the task resource ${arn}`;
}

function* everyState(container: Fields, path: string): Generator<[Fields, string]> {
  for (const [, state, at] of statesOf(container, path)) {
    yield [state, at];
    for (const [inner, innerPath] of containersOf(state, at)) yield* everyState(inner, innerPath);
  }
}

/** Rights that delivering logs takes. https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const LOG_DELIVERY = [
  'CreateLogDelivery',
  'GetLogDelivery',
  'UpdateLogDelivery',
  'DeleteLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'DescribeResourcePolicies',
  'DescribeLogGroups',
];

/** Refuses a role that does not let Step Functions run the machine with it. */
export function checkTrust(context: CloudContext, roleArn: string, machineArn: string): void {
  try {
    requireTrust(context, roleArn, { service: 'states.amazonaws.com', sourceArn: machineArn });
  } catch (cause) {
    const message = `Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.`;
    throw new AwsError('AccessDeniedException', `${message} (${(cause as Error).message})`);
  }
}

/** The service tries the role's rights to deliver logs and to watch started executions when a machine is stored. */
export function checkRole(
  context: CloudContext,
  roleArn: string,
  logging: LoggingConfiguration,
  definition: string,
): void {
  if (!/^arn:[\w-]+:iam::\d{12}:role\//.test(roleArn)) {
    throw new AwsError('InvalidArn', `Invalid Role Arn: '${roleArn}'`);
  }
  if (logging.level !== 'OFF') {
    const rights = LOG_DELIVERY.map((action) => ({ action: `logs:${action}`, resource: '*' }));
    require(context, roleArn, rights, 'The state machine IAM Role is not authorized to access the Log Destination');
  }
  if (/states:startExecution\.sync/.test(definition)) {
    const rule = `arn:${context.partition}:events:${context.region}:${context.account}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule`;
    const rights = ['PutTargets', 'PutRule', 'DescribeRule'].map((action) => ({
      action: `events:${action}`,
      resource: rule,
    }));
    require(context, roleArn, rights, `'${roleArn}' is not authorized to create managed-rule.`);
  }
}

function require(
  context: CloudContext,
  roleArn: string,
  rights: readonly { action: string; resource: string }[],
  message: string,
): void {
  try {
    context.authorize(context.rolePrincipal(roleArn, 'StepFunctions'), rights);
  } catch (cause) {
    const detail = cause instanceof Error ? ` (${cause.message})` : '';
    throw new AwsError('AccessDeniedException', `${message}${detail}`);
  }
}

/** A LoggingConfiguration as it was given, with its defaults. */
export function loggingOf(given: unknown): LoggingConfiguration {
  const { level = 'OFF', includeExecutionData = false, destinations } = (given ?? {}) as Partial<LoggingConfiguration>;
  const logging = { level, includeExecutionData, ...(destinations ? { destinations } : {}) };
  if (level !== 'OFF' && (destinations?.length ?? 0) === 0) {
    throw new AwsError(
      'InvalidLoggingConfiguration',
      'Invalid Logging Configuration: Must specify exactly one Log Destination.',
    );
  }
  return logging;
}

export const tracingOf = (given: unknown) => ({ enabled: ((given ?? {}) as Document).enabled === true });

/** Tags as the API lists them, by key. */
export function tagMap(tags: unknown): Record<string, string> {
  const list = Array.isArray(tags) ? (tags as { key?: string; value?: string }[]) : [];
  return Object.fromEntries(list.map(({ key = '', value = '' }) => [key, value]));
}
