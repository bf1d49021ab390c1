import { randomUUID } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Unsupported } from '../../kernel/errors.ts';
import type { CodeStore } from '../code-store.ts';
import type { LambdaState, VersionRecord } from '../state.ts';
import { bundleBootstrap } from './bootstrap-bundle.ts';
import { Sandbox } from './sandbox.ts';
import { linkNativeModules, linkRuntimeModules } from './sandbox-paths.ts';
import { sandboxVariables } from './variables.ts';

/** Host time: however far the cloud's time jumps, a warm sandbox stays warm. */
const IDLE_MS = 120_000;
const NO_LINES = () => undefined;

interface Idle {
  readonly sandbox: Sandbox;
  readonly expiry: NodeJS.Timeout;
}

/** The sandboxes of all functions: one for each concurrent execution, kept warm for the next. */
export class SandboxPool {
  readonly #state: LambdaState;
  readonly #codes: CodeStore;
  readonly #folder: string;
  readonly #idle = new Map<string, Idle[]>();
  /** Each with the name of its function. */
  readonly #all = new Map<Sandbox, string>();
  #tools: { bootstrap: string; runtimeModules: string; nativeModules: string; compileCache: string } | undefined;
  #stopped = false;

  constructor(state: LambdaState, codes: CodeStore) {
    this.#state = state;
    this.#codes = codes;
    this.#folder = realpathSync(state.context.store.folder('lambda'));
    rmSync(join(this.#folder, 'sandboxes'), { recursive: true, force: true });
    // Ends the search for the kind of a .js file, which a project around the state's folder would answer otherwise.
    writeFileSync(join(this.#folder, 'package.json'), '{}');
  }

  /** A warm sandbox of exactly this version in exactly this state. */
  takeWarm(version: VersionRecord): Sandbox | undefined {
    const idle = this.#idle.get(keyOf(version)) ?? [];
    for (let next = idle.pop(); next; next = idle.pop()) {
      clearTimeout(next.expiry);
      if (next.sandbox.alive) return next.sandbox;
    }
    return undefined;
  }

  start(version: VersionRecord, onLine: (line: string) => void): Sandbox {
    if (this.#stopped) throw new Error('The local cloud is stopping');
    const { context } = this.#state;
    const { configuration } = version;
    const tools = this.#prepare();
    const id = randomUUID().replaceAll('-', '');
    const temporary = join(this.#folder, 'sandboxes', id);
    mkdirSync(temporary, { recursive: true });
    const folders = {
      code: this.#codes.folder(version.code),
      layers: configuration.Layers.map((arn) => this.#layerFolder(arn)),
      temporary,
      ...tools,
    };
    const logStream = logStreamOf(version, context.clock.now(), id);
    const sandbox = new Sandbox({
      bootstrap: tools.bootstrap,
      runtime: {
        clockOffset: context.clock.offset(),
        logFormat: configuration.LoggingConfig.LogFormat,
        compileCache: tools.compileCache,
        sandboxRoot: this.#folder,
      },
      variables: sandboxVariables(this.#state, version, folders, logStream),
      codeFolder: folders.code,
      temporaryFolder: temporary,
      memoryMB: configuration.MemorySize,
      logStream,
      onLine,
    });
    this.#all.set(sandbox, version.name);
    return sandbox;
  }

  /** Takes a sandbox back after its invocation. */
  giveBack(version: VersionRecord, sandbox: Sandbox): void {
    sandbox.onLine = NO_LINES;
    const key = keyOf(version);
    if (!sandbox.alive || this.#stopped || !this.#isCurrent(version)) {
      void this.discard(sandbox);
      return;
    }
    const expiry = setTimeout(() => void this.discard(sandbox), IDLE_MS);
    expiry.unref();
    this.#idle.set(key, [...(this.#idle.get(key) ?? []), { sandbox, expiry }]);
  }

  async discard(sandbox: Sandbox): Promise<void> {
    await sandbox.kill();
    this.#all.delete(sandbox);
  }

  /** Ends the idle sandboxes of a version that changed or went. */
  retire(version: VersionRecord): void {
    const idle = this.#idle.get(keyOf(version)) ?? [];
    this.#idle.delete(keyOf(version));
    for (const { sandbox, expiry } of idle) {
      clearTimeout(expiry);
      void this.discard(sandbox);
    }
  }

  /** Kills every sandbox of a function, whatever it is doing. */
  killAll(functionName: string): void {
    for (const [sandbox, name] of this.#all) if (name === functionName) void this.discard(sandbox);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { expiry } of [...this.#idle.values()].flat()) clearTimeout(expiry);
    await Promise.all([...this.#all.keys()].map((sandbox) => this.discard(sandbox)));
  }

  #isCurrent(version: VersionRecord): boolean {
    const now = this.#state.versions.get(`${version.name}:${version.version}`);
    return now !== undefined && keyOf(now) === keyOf(version);
  }

  #layerFolder(arn: string): string {
    const layer = this.#state.layerByArn(arn);
    if (!layer) throw new Error(`The layer ${arn} is gone`);
    return this.#codes.folder(layer.code);
  }

  #prepare() {
    if (Number.parseInt(process.versions.node, 10) < 24) {
      throw new Unsupported(`running functions on Node ${process.versions.node}`, { hint: 'Start it with Node 24.' });
    }
    this.#tools ??= {
      bootstrap: bundleBootstrap(this.#folder),
      runtimeModules: linkRuntimeModules(join(this.#folder, 'runtime/node_modules')),
      nativeModules: linkNativeModules(join(this.#folder, 'native/node_modules')),
      compileCache: join(this.#folder, 'compile-cache'),
    };
    return this.#tools;
  }
}

const keyOf = ({ name, version, revisionId }: VersionRecord) => `${name}:${version}:${revisionId}`;

/** `2026/01/05/[$LATEST]<32 hex>`; where functions share a group, the name comes first. */
function logStreamOf({ name, version, configuration }: VersionRecord, now: number, id: string): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '/');
  const shared = configuration.LoggingConfig.LogGroup !== `/aws/lambda/${name}`;
  return `${day}/${shared ? name : ''}[${version}]${id}`;
}
