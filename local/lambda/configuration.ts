import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { lambdaError } from './errors.ts';
import type { Configuration, LoggingConfig } from './state.ts';

const RUNTIMES: readonly string[] = ['nodejs24.x', 'nodejs22.x'];
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)|AWS_LAMBDA_(FUNCTION_(NAME|MEMORY_SIZE|VERSION)|INITIALIZATION_TYPE|LOG_(GROUP|STREAM)_NAME|RUNTIME_API)|LAMBDA_(TASK_ROOT|RUNTIME_DIR))$/;
const ENVIRONMENT_LIMIT = 4096;

/** Members of a function that this cloud takes note of; another one stops the call. */
export const CONFIGURABLE: readonly string[] = [
  'Architectures',
  'DeadLetterConfig',
  'Description',
  'Environment',
  'EphemeralStorage',
  'Handler',
  'KMSKeyArn',
  'Layers',
  'LoggingConfig',
  'MemorySize',
  'Role',
  'Runtime',
  'Timeout',
  'TracingConfig',
];

/** The configuration that a request asks for, on top of `previous`; checked as Lambda checks it. */
export function configurationFrom(name: string, input: Document, previous?: Configuration): Configuration {
  const required = (key: 'Runtime' | 'Role' | 'Handler') => {
    const value = input[key] ?? previous?.[key];
    if (typeof value !== 'string' || value === '')
      throw lambdaError.invalid(`${key} is mandatory for functions created with deployment packages.`);
    return value;
  };
  const Runtime = required('Runtime');
  if (!RUNTIMES.includes(Runtime)) {
    throw new Unsupported(`the Lambda runtime ${Runtime} (function ${name})`, {
      hint: `It runs ${RUNTIMES.join(' and ')}.`,
    });
  }
  const storage = (input.EphemeralStorage as { Size?: unknown } | undefined)?.Size ?? previous?.EphemeralStorage;
  const deadLetter =
    (input.DeadLetterConfig as { TargetArn?: string } | undefined)?.TargetArn ?? previous?.DeadLetterArn;
  const tracing = (input.TracingConfig as { Mode?: string } | undefined)?.Mode ?? previous?.Tracing ?? 'PassThrough';
  return {
    Runtime,
    Role: required('Role'),
    Handler: required('Handler'),
    Description: String(input.Description ?? previous?.Description ?? ''),
    Timeout: number('Timeout', input.Timeout ?? previous?.Timeout ?? 3, 1, 900),
    MemorySize: number('MemorySize', input.MemorySize ?? previous?.MemorySize ?? 128, 128, 10_240),
    Environment: environment(input, previous),
    Layers: ((input.Layers as readonly unknown[] | undefined) ?? previous?.Layers ?? []).map(String),
    Architectures: (
      (input.Architectures as readonly unknown[] | undefined) ??
      previous?.Architectures ?? ['x86_64']
    ).map(String),
    EphemeralStorage: number('EphemeralStorage', storage ?? 512, 512, 10_240),
    LoggingConfig: logging(name, (input.LoggingConfig ?? {}) as Partial<LoggingConfig>, previous?.LoggingConfig),
    Tracing: tracing === 'Active' ? 'Active' : 'PassThrough',
    ...(deadLetter ? { DeadLetterArn: deadLetter } : {}),
    ...optional('KMSKeyArn', input.KMSKeyArn ?? input.KmsKeyArn ?? previous?.KMSKeyArn),
  };
}

const optional = (key: 'KMSKeyArn', value: unknown) => (value ? { [key]: String(value) } : {});

function number(name: string, value: unknown, min: number, max: number): number {
  const found = Number(value);
  if (Number.isInteger(found) && found >= min && found <= max) return found;
  const at = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  throw lambdaError.validation(
    `1 validation error detected: Value '${String(value)}' at '${at}' failed to satisfy constraint: Member must have value between ${min} and ${max}`,
  );
}

function environment(input: Document, previous: Configuration | undefined): Record<string, string> {
  const given = (input.Environment as { Variables?: Document } | undefined)?.Variables;
  if (input.Environment === undefined) return { ...previous?.Environment };
  const variables = Object.fromEntries(Object.entries(given ?? {}).map(([key, value]) => [key, String(value)]));
  const reserved = Object.keys(variables).filter((key) => RESERVED.test(key));
  if (reserved.length > 0) {
    throw lambdaError.invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > ENVIRONMENT_LIMIT) {
    throw lambdaError.invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured.slice(0, 200)}…`,
    );
  }
  return variables;
}

function logging(name: string, given: Partial<LoggingConfig>, previous: LoggingConfig | undefined): LoggingConfig {
  const LogFormat = given.LogFormat ?? previous?.LogFormat ?? 'Text';
  const LogGroup = given.LogGroup ?? previous?.LogGroup ?? `/aws/lambda/${name}`;
  if (LogFormat === 'Text') {
    if (given.ApplicationLogLevel || given.SystemLogLevel) {
      throw lambdaError.invalid('You cannot set log levels with log format Text.');
    }
    return { LogFormat, LogGroup };
  }
  return {
    LogFormat,
    LogGroup,
    ApplicationLogLevel: given.ApplicationLogLevel ?? previous?.ApplicationLogLevel ?? 'INFO',
    SystemLogLevel: given.SystemLogLevel ?? previous?.SystemLogLevel ?? 'INFO',
  };
}
