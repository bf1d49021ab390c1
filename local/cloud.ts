import { loadAssembly, type StackArtifact, selectStage } from './cloudformation/assembly.ts';
import { cloudFormationService, type Stacks } from './cloudformation/service.ts';
import type { StackSummary } from './cloudformation/summary.ts';
import type { Template } from './cloudformation/template.ts';
import { controlEndpoint } from './control.ts';
import type { Faults } from './faults.ts';
import { createAuthorizer } from './iam/authorizer.ts';
import { iamService } from './iam/service.ts';
import type { AccessReport } from './iam/usage.ts';
import { type Clock, createClock } from './kernel/clock.ts';
import { Kernel, type ServiceFactory } from './kernel/cloud.ts';
import type { CloudContext } from './kernel/service.ts';
import { SERVICES } from './services.ts';
import { outboxOf } from './sns/outbox.ts';
import { lockedState, temporaryState } from './state-folder.ts';

export interface CloudOptions {
  /** @default the one that a kept state had, else a free one */
  readonly port?: number;
  /** `skip` jumps over waits. @default real */
  readonly time?: 'real' | 'skip';
  /** The cloud's time at the start, ms since the epoch. @default the host's time, or where a kept state stopped if that is later */
  readonly startAt?: number;
  /** Keeps the state in a folder. @default in memory */
  readonly stateDir?: string;
  /** @default 000000000000 */
  readonly account?: string;
  /** @default us-east-1 */
  readonly region?: string;
  /** @default all of them */
  readonly services?: readonly ServiceFactory[];
  readonly log?: CloudContext['log'];
}

export interface DeployOptions {
  /** The stage of the app; needed when there are several. */
  readonly stage?: string;
  /** Changes a template before it is deployed, for tests that ask what happens without a part of it. */
  readonly transformTemplate?: (stackName: string, template: Template) => Template;
}

export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A running local cloud. */
export interface Cloud {
  readonly endpoint: string;
  readonly context: CloudContext;
  readonly clock: Clock;
  /** Brings the stacks of a cloud assembly (`cdk.out`) to what their templates say. */
  deploy(assembly: string, options?: DeployOptions): Promise<{ stacks: readonly StackSummary[]; outputs: Outputs }>;
  /** The outputs of every stack that stands, by stack name. */
  outputs(): Outputs;
  /** What every role was granted and what of it was used. */
  readonly iam: { report(): AccessReport };
  /** Makes requests go wrong. */
  readonly faults: Pick<Faults, 'inject'>;
  stop(): Promise<void>;
}

/** How often the time is written down, for a state folder whose process is killed. */
const TIME_MARK_MS = 1_000;

/** Starts a local cloud with every service, listening on 127.0.0.1. */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const state = options.stateDir === undefined ? temporaryState() : lockedState(options.stateDir);
  try {
    return await start(options, state);
  } catch (error) {
    state.release();
    throw error;
  }
}

async function start(options: CloudOptions, state: ReturnType<typeof temporaryState>): Promise<Cloud> {
  const { account, region, services = SERVICES, time = 'real' } = options;
  const marks = state.store.collection<number>('cloud.time');
  const stoppedAt = marks.get('now') ?? 0;
  const clock = createClock({
    mode: time,
    startAt: Math.max(options.startAt ?? Date.now(), stoppedAt),
    onError: (error, timer) =>
      options.log?.(`${timer} failed: ${(error as Error).message}`, { error: String((error as Error).stack) }),
  });
  const authorizer = createAuthorizer({ clock, account, region });
  let stacks: Stacks | undefined;
  const cloudFormation = cloudFormationService(
    () => [...kernel.services.values()].flatMap(({ resourceTypes = [] }) => resourceTypes),
    (ready) => {
      stacks = ready;
    },
  );
  const kernel: Kernel = new Kernel({
    clock,
    store: state.store,
    ...(account === undefined ? {} : { account }),
    ...(region === undefined ? {} : { region }),
    services: [iamService(authorizer), cloudFormation, ...services],
    authorize: authorizer.authorize,
    control: controlEndpoint({ clock, authorizer, outbox: outboxOf(state.store) }),
    ...(options.log ? { log: options.log } : {}),
  });
  if (!stacks) throw new Error('CloudFormation did not get ready');
  const { book, deployer } = stacks;
  // What is kept holds the endpoint: queue URLs in the variables of functions, for one.
  const ports = state.store.collection<number>('cloud.port');
  try {
    await kernel.start(options.port ?? ports.get('last'));
    ports.set('last', Number(new URL(kernel.endpoint).port));
  } catch (error) {
    await kernel.stop();
    throw error;
  }
  const mark = setInterval(() => marks.set('now', clock.now()), TIME_MARK_MS);
  mark.unref();

  const outputs = (): Outputs =>
    Object.fromEntries(
      book
        .all()
        .filter(({ deleted }) => deleted === undefined)
        .map((stack) => [stack.name, Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]))]),
    );

  return {
    endpoint: kernel.endpoint,
    context: kernel.context,
    clock,
    async deploy(assembly, { stage, transformTemplate } = {}) {
      const artifacts = selectStage(loadAssembly(assembly), stage).stacks.map((artifact): StackArtifact => {
        const template = transformTemplate?.(artifact.name, artifact.template) ?? artifact.template;
        return { ...artifact, template };
      });
      const summaries = await clock.run('deploy', (work) => deployer.deploy(artifacts, work));
      return { stacks: summaries, outputs: outputs() };
    },
    outputs,
    iam: { report: () => authorizer.report() },
    faults: kernel.faults,
    async stop() {
      clearInterval(mark);
      marks.set('now', clock.now());
      await kernel.stop();
      state.release();
    },
  };
}
