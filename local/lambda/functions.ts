import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Document } from '../kernel/service.ts';
import { checkRole, checkSize } from './checks.ts';
import type { CodeStore } from './code-store.ts';
import { configurationFrom } from './configuration.ts';
import { lambdaError } from './errors.ts';
import type { SandboxPool } from './execution/sandbox-pool.ts';
import { type CodeSnapshot, type Configuration, keyOf, type LambdaState, type VersionRecord } from './state.ts';

/** An update is seen as `InProgress` this long, so that code which does not wait for it fails here too. */
const UPDATE_MS = 200;

export interface UpdateOptions {
  readonly revisionId?: string;
  /** Provisioning waits for updates by itself, so they are done at once. */
  readonly immediate?: boolean;
}

/** Functions and their versions: how they come, change and go. */
export class Functions {
  readonly state: LambdaState;
  readonly codes: CodeStore;
  readonly #pool: SandboxPool;

  constructor(state: LambdaState, codes: CodeStore, pool: SandboxPool) {
    this.state = state;
    this.codes = codes;
    this.#pool = pool;
  }

  create(name: string, input: Document, code: CodeSnapshot, tags: Readonly<Record<string, string>>): VersionRecord {
    if (this.state.functions.has(name)) throw lambdaError.conflict(`Function already exist: ${name}`);
    const configuration = configurationFrom(name, input);
    this.#check(name, configuration, code);
    this.state.functions.set(name, { name, lastVersion: 0, tags });
    return this.#save({ name, version: '$LATEST', configuration, code, ...this.#stamp() });
  }

  updateConfiguration(name: string, input: Document, options: UpdateOptions = {}): VersionRecord {
    const latest = this.#updatable(name, options);
    const configuration = configurationFrom(name, input, latest.configuration);
    this.#check(name, configuration, latest.code);
    return this.#change(latest, { configuration }, options);
  }

  updateCode(
    name: string,
    code: CodeSnapshot,
    architectures: readonly string[] | undefined,
    options: UpdateOptions = {},
  ): VersionRecord {
    const latest = this.#updatable(name, options);
    checkSize(this.state, code, latest.configuration.Layers);
    const configuration = architectures
      ? { ...latest.configuration, Architectures: architectures }
      : latest.configuration;
    return this.#change(latest, { code, configuration }, options);
  }

  /** What a template says now, all of it. */
  replace(name: string, input: Document, code: CodeSnapshot): VersionRecord {
    const latest = this.#updatable(name, { immediate: true });
    const configuration = configurationFrom(name, input);
    this.#check(name, configuration, code);
    if (isDeepStrictEqual(configuration, latest.configuration) && code.sha256 === latest.code.sha256) return latest;
    return this.#change(latest, { configuration, code }, { immediate: true });
  }

  /**
   * Makes a version of what `$LATEST` is now. When that is what the last version is, Lambda gives that one back.
   * https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
   */
  publish(
    name: string,
    options: UpdateOptions & { codeSha256?: string; description?: string } = {},
  ): { version: VersionRecord; created: boolean } {
    const latest = this.#updatable(name, options);
    if (options.codeSha256 && options.codeSha256 !== latest.code.sha256) {
      throw lambdaError.invalid(
        `CodeSHA256 (${options.codeSha256}) is different from current CodeSHA256 in $LATEST (${latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
      );
    }
    const last = this.state.versionsOf(name).at(-1);
    if (last && last.version !== '$LATEST' && sameContent(last, latest)) return { version: last, created: false };
    const record = this.state.function(name);
    const number = record.lastVersion + 1;
    const Description = options.description || latest.configuration.Description;
    this.state.functions.set(name, { ...record, lastVersion: number });
    const configuration = { ...latest.configuration, Description };
    const version = this.#save({ ...latest, version: String(number), configuration, ...this.#stamp() });
    return { version, created: true };
  }

  /** Deletes a function with everything that hangs on it. */
  delete(name: string): void {
    this.state.function(name);
    for (const version of this.state.versionsOf(name)) this.#drop(version);
    const { aliases, policies, urls, eventInvokes, functions } = this.state;
    for (const collection of [aliases, policies, urls, eventInvokes]) {
      for (const key of [...collection.keys()]) if (key === name || key.startsWith(`${name}:`)) collection.delete(key);
    }
    functions.delete(name);
  }

  deleteVersion(name: string, number: string): void {
    const version = this.state.version(name, number);
    if (number === '$LATEST')
      throw lambdaError.invalid('$LATEST version cannot be deleted without deleting the function.');
    const users = this.state.aliasesOf(name).filter((alias) => alias.version === number || number in alias.weights);
    if (users.length > 0) {
      const names = users.map((alias) => alias.name).join(', ');
      throw lambdaError.conflict(
        `Version ${number} of function ${name} is referenced by alias ${names} and cannot be deleted`,
      );
    }
    this.#drop(version);
    this.state.policies.delete(keyOf(name, number));
  }

  /** Ends updates that a stop of the cloud interrupted. */
  resume(): void {
    for (const version of this.state.versions.values()) if (version.updating) this.#settle(version);
  }

  #updatable(name: string, { revisionId, immediate }: UpdateOptions): VersionRecord {
    this.state.function(name);
    const latest = this.state.latest(name);
    if (revisionId !== undefined && revisionId !== latest.revisionId) throw lambdaError.precondition();
    if (latest.updating && !immediate) {
      throw lambdaError.conflict(
        `The operation cannot be performed at this time. An update is in progress for resource: ${this.state.arn(name)}`,
      );
    }
    return latest;
  }

  #change(
    latest: VersionRecord,
    change: { configuration: Configuration; code?: CodeSnapshot },
    { immediate }: UpdateOptions,
  ): VersionRecord {
    this.#pool.retire(latest);
    const next = { ...latest, ...change, ...this.#stamp(), updating: !immediate };
    if (!immediate) {
      const { clock } = this.state.context;
      clock.schedule(clock.now() + UPDATE_MS, () => this.#settle(next), { name: `lambda: update of ${latest.name}` });
    }
    return this.#save(next);
  }

  #settle(version: VersionRecord): void {
    const now = this.state.versions.get(`${version.name}:${version.version}`);
    if (now?.revisionId === version.revisionId) this.#save({ ...now, updating: false });
  }

  #check(name: string, configuration: Configuration, code: CodeSnapshot): void {
    checkSize(this.state, code, configuration.Layers);
    checkRole(this.state, name, configuration);
  }

  #stamp() {
    return { revisionId: randomUUID(), modifiedAt: this.state.context.clock.now() };
  }

  #save(version: VersionRecord): VersionRecord {
    this.state.versions.set(`${version.name}:${version.version}`, version);
    return version;
  }

  #drop(version: VersionRecord): void {
    this.#pool.retire(version);
    this.state.versions.delete(`${version.name}:${version.version}`);
  }
}

function sameContent(a: VersionRecord, b: VersionRecord): boolean {
  const { Description: _a, ...one } = a.configuration;
  const { Description: _b, ...other } = b.configuration;
  return a.code.sha256 === b.code.sha256 && isDeepStrictEqual(one, other);
}
