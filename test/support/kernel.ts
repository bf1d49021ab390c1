import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createClock } from '../../local/kernel/clock.ts';
import { Kernel, type KernelOptions, type ServiceFactory } from '../../local/kernel/cloud.ts';
import { diskStore, memoryStore, type Store } from '../../local/kernel/store.ts';

export interface TestKernel {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly store: Store;
  /** What an SDK client needs to talk to it. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  stop(): Promise<void>;
}

export interface TestKernelOptions extends Pick<KernelOptions, 'authorize' | 'control' | 'log'> {
  readonly services: readonly ServiceFactory[];
  /** Keeps the state in this folder, so that a second kernel finds it. @default memory */
  readonly folder?: string;
  /** @default 2026-01-05T00:00:00Z */
  readonly startAt?: number;
}

/** Some services on a port of their own and a clock that skips waits. */
export async function startKernel(options: TestKernelOptions): Promise<TestKernel> {
  const { services, folder, startAt = Date.UTC(2026, 0, 5), ...rest } = options;
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  const store = folder === undefined ? memoryStore(scratch) : diskStore(folder);
  const clock = createClock({ mode: 'skip', startAt });
  const kernel = new Kernel({ clock, store, services, ...rest });
  await kernel.start(0);
  return {
    kernel,
    clock,
    store,
    client: {
      endpoint: kernel.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    },
    async stop() {
      await kernel.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
