import type { Document } from '../kernel/service.ts';
import type { LambdaState, VersionRecord } from './state.ts';

/** A version as GetFunctionConfiguration shows it. */
export function describeVersion(
  state: LambdaState,
  record: VersionRecord,
  options: { qualifier?: string } = {},
): Document {
  const { configuration: c, code } = record;
  const published = record.version !== '$LATEST';
  return {
    FunctionName: record.name,
    FunctionArn: state.arn(record.name, options.qualifier ?? (published ? record.version : undefined)),
    Runtime: c.Runtime,
    Role: c.Role,
    Handler: c.Handler,
    CodeSize: code.size,
    CodeSha256: code.sha256,
    Description: c.Description,
    Timeout: c.Timeout,
    MemorySize: c.MemorySize,
    LastModified: new Date(record.modifiedAt).toISOString().replace('Z', '+0000'),
    Version: record.version,
    RevisionId: record.revisionId,
    PackageType: 'Zip',
    Architectures: c.Architectures,
    EphemeralStorage: { Size: c.EphemeralStorage },
    LoggingConfig: c.LoggingConfig,
    TracingConfig: { Mode: c.Tracing },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    State: 'Active',
    LastUpdateStatus: record.updating ? 'InProgress' : 'Successful',
    ...(Object.keys(c.Environment).length > 0 ? { Environment: { Variables: c.Environment } } : {}),
    ...(c.Layers.length > 0
      ? { Layers: c.Layers.map((Arn) => ({ Arn, CodeSize: state.layerByArn(Arn)?.code.size ?? 0 })) }
      : {}),
    ...(c.DeadLetterArn ? { DeadLetterConfig: { TargetArn: c.DeadLetterArn } } : {}),
    ...(c.KMSKeyArn ? { KMSKeyArn: c.KMSKeyArn } : {}),
  };
}
