import { AwsError, Unsupported } from '../kernel/errors.ts';
import { UNPACKED_LIMIT } from './code-store.ts';
import { lambdaError } from './errors.ts';
import type { CodeSnapshot, Configuration, LambdaState } from './state.ts';

/** Code and layers must fit into a sandbox together. */
export function checkSize(state: LambdaState, code: CodeSnapshot, layers: readonly string[]): void {
  const sizes = layers.map((arn) => {
    const layer = state.layerByArn(arn);
    if (!layer) throw lambdaError.invalid(`Layer version ${arn} does not exist.`);
    return layer.code.unpackedSize;
  });
  const total = sizes.reduce((sum, size) => sum + size, code.unpackedSize);
  if (total > UNPACKED_LIMIT) {
    throw lambdaError.invalid(
      `Function code combined with layers exceeds the maximum allowed size of ${UNPACKED_LIMIT} bytes. The actual size is ${total} bytes.`,
    );
  }
}

/** What Lambda checks of the execution role before it takes a function. */
export function checkRole(state: LambdaState, name: string, configuration: Configuration): void {
  const { context } = state;
  const lambda = {
    kind: 'service',
    service: 'lambda.amazonaws.com',
    sourceArn: state.arn(name),
    sourceAccount: context.account,
  } as const;
  demand(
    () => context.authorize(lambda, [{ action: 'sts:AssumeRole', resource: configuration.Role }]),
    'The role defined for the function cannot be assumed by Lambda.',
  );
  const may = (action: string, resource: string, message: string) =>
    demand(() => context.authorize(context.rolePrincipal(configuration.Role, name), [{ action, resource }]), message);
  if (configuration.Tracing === 'Active') {
    for (const action of ['PutTraceSegments', 'PutTelemetryRecords']) {
      may(`xray:${action}`, '*', `The provided execution role does not have permissions to call ${action} on XRAY`);
    }
  }
  if (configuration.DeadLetterArn) {
    const [service = '', action] = configuration.DeadLetterArn.includes(':sns:')
      ? ['sns', 'Publish']
      : ['sqs', 'SendMessage'];
    may(
      `${service}:${action}`,
      configuration.DeadLetterArn,
      `The provided execution role does not have permissions to call ${action} on ${service.toUpperCase()}`,
    );
  }
}

function demand(check: () => void, message: string): void {
  try {
    check();
  } catch (error) {
    if (error instanceof AwsError && !(error instanceof Unsupported)) throw lambdaError.invalid(message);
    throw error;
  }
}
