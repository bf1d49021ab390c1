import type { PolicyDocument, PolicyStatement } from '../iam/principal.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { lambdaError } from './errors.ts';

/** What a version pins beside its code, in the API's words. */
export interface Configuration {
  readonly Runtime: string;
  readonly Role: string;
  readonly Handler: string;
  readonly Description: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Environment: Readonly<Record<string, string>>;
  readonly Layers: readonly string[];
  readonly Architectures: readonly string[];
  readonly EphemeralStorage: number;
  readonly LoggingConfig: LoggingConfig;
  readonly Tracing: 'Active' | 'PassThrough';
  readonly DeadLetterArn?: string;
  readonly KMSKeyArn?: string;
}

export interface LoggingConfig {
  readonly LogFormat: 'Text' | 'JSON';
  readonly LogGroup: string;
  readonly ApplicationLogLevel?: string;
  readonly SystemLogLevel?: string;
}

/** Code that was handed in once and never changes: its digest names its folder. */
export interface CodeSnapshot {
  readonly sha256: string;
  readonly size: number;
  readonly unpackedSize: number;
}

export interface FunctionRecord {
  readonly name: string;
  readonly lastVersion: number;
  readonly reservedConcurrency?: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** `$LATEST`, which changes, or a published version, which does not. */
export interface VersionRecord {
  readonly name: string;
  readonly version: string;
  readonly configuration: Configuration;
  readonly code: CodeSnapshot;
  readonly revisionId: string;
  readonly modifiedAt: number;
  readonly updating?: boolean;
}

export interface AliasRecord {
  readonly functionName: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Share of the invocations by version; `version` gets the rest. */
  readonly weights: Readonly<Record<string, number>>;
  readonly revisionId: string;
}

export interface PolicyRecord {
  readonly policy: PolicyDocument & { readonly Statement: readonly PolicyStatement[] };
  readonly revisionId: string;
}

export interface LayerRecord {
  readonly name: string;
  readonly version: number;
  readonly code: CodeSnapshot;
  readonly description: string;
  readonly compatibleRuntimes: readonly string[];
  readonly compatibleArchitectures: readonly string[];
  readonly createdAt: number;
  /** Nobody can take it up any more; versions that have it keep it. */
  readonly deleted?: boolean;
}

export interface UrlRecord {
  readonly id: string;
  readonly functionName: string;
  readonly qualifier?: string;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface EventInvokeRecord {
  readonly functionName: string;
  readonly qualifier: string;
  readonly maximumRetryAttempts?: number;
  readonly maximumEventAgeInSeconds?: number;
  readonly onSuccess?: string;
  readonly onFailure?: string;
  readonly modifiedAt: number;
}

/** Everything that Lambda keeps. Keys are `<function>` or `<function>:<qualifier>`. */
export class LambdaState {
  readonly context: CloudContext;
  readonly functions: Collection<FunctionRecord>;
  readonly versions: Collection<VersionRecord>;
  readonly aliases: Collection<AliasRecord>;
  readonly policies: Collection<PolicyRecord>;
  readonly layers: Collection<LayerRecord>;
  readonly urls: Collection<UrlRecord>;
  readonly eventInvokes: Collection<EventInvokeRecord>;

  constructor(context: CloudContext) {
    const { store } = context;
    this.context = context;
    this.functions = store.collection('lambda.functions');
    this.versions = store.collection('lambda.versions');
    this.aliases = store.collection('lambda.aliases');
    this.policies = store.collection('lambda.policies');
    this.layers = store.collection('lambda.layers');
    this.urls = store.collection('lambda.urls');
    this.eventInvokes = store.collection('lambda.event-invokes');
  }

  arn(name: string, qualifier?: string): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:lambda:${region}:${account}:function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`;
  }

  layerArn({ name, version }: Pick<LayerRecord, 'name' | 'version'>): string {
    const { partition, region, account } = this.context;
    return `arn:${partition}:lambda:${region}:${account}:layer:${name}:${version}`;
  }

  layerByArn(arn: string): LayerRecord | undefined {
    const [name, version] = arn.split(':').slice(-2);
    return this.layers.get(`${name}:${version}`);
  }

  function(name: string): FunctionRecord {
    const record = this.functions.get(name);
    if (!record) throw lambdaError.functionNotFound(this.arn(name));
    return record;
  }

  /** A version by number or `$LATEST`. */
  version(name: string, version: string): VersionRecord {
    const record = this.versions.get(`${name}:${version}`);
    if (!record) throw lambdaError.functionNotFound(this.arn(name, version === '$LATEST' ? undefined : version));
    return record;
  }

  latest(name: string): VersionRecord {
    return this.version(name, '$LATEST');
  }

  /** The versions of a function, `$LATEST` first, then by number. */
  versionsOf(name: string): VersionRecord[] {
    const own = [...this.versions.values()].filter((version) => version.name === name);
    return own.sort((a, b) => (Number(a.version) || 0) - (Number(b.version) || 0));
  }

  aliasesOf(name: string): AliasRecord[] {
    return [...this.aliases.values()].filter((alias) => alias.functionName === name);
  }

  alias(name: string, alias: string): AliasRecord {
    const record = this.aliases.get(`${name}:${alias}`);
    if (!record) throw lambdaError.notFound(`Cannot find alias arn: ${this.arn(name, alias)}`);
    return record;
  }

  /** What a qualifier stands for: an alias, or a version. */
  resolve(name: string, qualifier: string | undefined): { alias?: AliasRecord; version: VersionRecord } {
    this.function(name);
    if (qualifier === undefined || qualifier === '$LATEST' || /^\d+$/.test(qualifier)) {
      return { version: this.version(name, qualifier ?? '$LATEST') };
    }
    const alias = this.aliases.get(`${name}:${qualifier}`);
    if (!alias) throw lambdaError.functionNotFound(this.arn(name, qualifier));
    return { alias, version: this.version(name, alias.version) };
  }

  /** The resource policy of a function or of one of its qualifiers. */
  policy(name: string, qualifier?: string): PolicyDocument | undefined {
    return this.policies.get(keyOf(name, qualifier))?.policy;
  }
}

export const keyOf = (name: string, qualifier?: string) =>
  qualifier === undefined || qualifier === '$LATEST' ? name : `${name}:${qualifier}`;

/** A function's name and qualifier from any way to write them: name, name:qualifier, partial and full ARN. */
export function parseReference(value: unknown, qualifier?: unknown): { name: string; qualifier?: string } {
  const text = decodeURIComponent(String(value ?? ''));
  const parsed =
    /^(?:arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:|\d{12}:function:|function:)?([A-Za-z0-9_-]{1,140})(?::(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/.exec(
      text,
    );
  if (!parsed?.[1]) {
    throw lambdaError.validation(
      `1 validation error detected: Value '${text}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern`,
    );
  }
  const explicit = qualifier === undefined || qualifier === null || qualifier === '' ? undefined : String(qualifier);
  if (parsed[2] !== undefined && explicit !== undefined && parsed[2] !== explicit) {
    throw lambdaError.invalid('The derived qualifier from the function name does not match the specified qualifier.');
  }
  const found = explicit ?? parsed[2];
  return found === undefined ? { name: parsed[1] } : { name: parsed[1], qualifier: found };
}

/** Reads the function that a request names. */
export function referenceOf(input: Document): { name: string; qualifier?: string } {
  return parseReference(input.FunctionName, input.Qualifier);
}
