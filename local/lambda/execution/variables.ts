import { dirname, join } from 'node:path';
import type { LambdaState, VersionRecord } from '../state.ts';

export interface SandboxFolders {
  readonly code: string;
  /** Of the layers, in their order. */
  readonly layers: readonly string[];
  readonly temporary: string;
  readonly runtimeModules: string;
  readonly nativeModules: string;
}

/** Nothing listens on the discard port: trace segments are dropped without an error. */
const XRAY_SINK = '127.0.0.1:9';

/**
 * The environment of a function's process, and all of it: of the host's environment it gets a PATH.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function sandboxVariables(
  state: LambdaState,
  { name, version, configuration }: VersionRecord,
  folders: SandboxFolders,
  logStream: string,
): Record<string, string> {
  const { context } = state;
  const credentials = context.roleCredentials(configuration.Role, name);
  const { LogFormat, LogGroup, ApplicationLogLevel } = configuration.LoggingConfig;
  const layerModules = folders.layers.toReversed().map((layer) => join(layer, 'nodejs/node_modules'));
  return {
    ...configuration.Environment,
    ...(LogFormat === 'JSON'
      ? { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel ?? 'INFO' }
      : {}),
    AWS_REGION: context.region,
    AWS_DEFAULT_REGION: context.region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL: context.endpoint(),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.Runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: LogGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_XRAY_CONTEXT_MISSING: 'LOG_ERROR',
    AWS_XRAY_DAEMON_ADDRESS: XRAY_SINK,
    _HANDLER: configuration.Handler,
    LAMBDA_TASK_ROOT: folders.code,
    LAMBDA_RUNTIME_DIR: dirname(folders.runtimeModules),
    NODE_PATH: [...layerModules, folders.runtimeModules, folders.nativeModules].join(':'),
    // The SDK would read the configuration files of whoever runs the cloud.
    HOME: folders.temporary,
    TMPDIR: folders.temporary,
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
