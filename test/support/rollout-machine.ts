import { registerVersion } from '../../domain/registry.ts';
import type { RolloutCard } from '../../domain/rollout/card.ts';
import type { RolloutRequest } from '../../domain/rollout/flow.ts';
import { type StrategyInput, strategySchema } from '../../domain/rollout/strategy.ts';
import { analyse } from '../../lambdas/rollout/analyse.ts';
import type { RolloutPorts } from '../../lambdas/rollout/ports.ts';
import { prepare } from '../../lambdas/rollout/prepare.ts';
import { promote } from '../../lambdas/rollout/promote.ts';
import { release } from '../../lambdas/rollout/release.ts';
import { shift, tryGoldenRows } from '../../lambdas/rollout/shift.ts';
import { takeLock } from '../../lambdas/rollout/take-lock.ts';
import { ControlPlane } from './control-plane.ts';
import { binaryScores, newVersion } from './domain-builders.ts';
import { MemoryRequests, MemoryTraffic } from './memory-traffic.ts';

export const CANARY = {
  kind: 'canary',
  steps: [10, 50],
  bake: '5 minutes',
  guardrails: { predictions: false, latency: false, quality: false },
} satisfies StrategyInput;

/** The steps of the rollout machine without AWS, on a clock of minutes. */
export interface Machine {
  readonly plane: ControlPlane;
  readonly traffic: MemoryTraffic;
  readonly requests: MemoryRequests;
  /** Executions that are alive, and those that were started. */
  readonly running: Set<string>;
  readonly started: { owner: string; request: RolloutRequest }[];
  readonly cards: RolloutCard[];
  minute: number;
  strategy: StrategyInput;
  ports(overrides?: Partial<RolloutPorts>): RolloutPorts;
  register(runId: string): Promise<number>;
  /** The first champion, by the steps that the machine takes. */
  champion(): Promise<void>;
  /** A challenger that owns the traffic and has its first share. */
  underWay(owner?: string): Promise<number>;
  /** Follows the machine's loop until it leaves it. */
  loop(token: number, most?: number): ReturnType<typeof analyse>;
}

export function rolloutMachine(options: { strategy?: StrategyInput } = {}): Machine {
  const machine: Machine = {
    plane: new ControlPlane(),
    traffic: new MemoryTraffic(),
    requests: new MemoryRequests(),
    running: new Set(),
    started: [],
    cards: [],
    minute: 0,
    strategy: options.strategy ?? CANARY,

    ports: (overrides = {}) => ({
      registry: machine.plane.registry,
      traffic: machine.traffic,
      requests: machine.requests,
      strategy: strategySchema.parse(machine.strategy),
      sliceColumns: ['plan'],
      executions: {
        isRunning: async (owner) => machine.running.has(owner),
        start: async (owner, request) => void machine.started.push({ owner, request }),
      },
      announcer: machine.plane.ports.announcer,
      smokeTest: async () => undefined,
      scores: async () => binaryScores({ rows: 400 }),
      writeCard: async ({ token }, card) => {
        machine.cards.push(card);
        return `s3://artifacts/rollout-${token}.html`;
      },
      now: () => new Date(Date.UTC(2026, 5, 1) + machine.minute * 60_000).toISOString(),
      ...overrides,
    }),

    async register(runId) {
      const head = await machine.plane.registry.head();
      const act = { who: 'gates', why: 'passed', time: machine.plane.ports.now(), approval: 'automatic' as const };
      const transition = registerVersion(head, newVersion({ runId }), act);
      if (!transition.ok) throw new Error(transition.message);
      await machine.plane.registry.write({ transition });
      return transition.head.lastVersion;
    },

    async champion() {
      const version = await machine.register('r1');
      const { token } = await takeLock({ owner: 'first', request: requestOf(version) }, machine.ports());
      await prepare({ token }, machine.ports());
      await promote({ token }, machine.ports());
      await release({ owner: 'first' }, machine.ports());
      machine.plane.told.length = 0;
    },

    async underWay(owner = 'second') {
      await machine.champion();
      const version = await machine.register('r2');
      machine.running.add(owner);
      const { token } = await takeLock({ owner, request: requestOf(version) }, machine.ports());
      await prepare({ token }, machine.ports());
      await tryGoldenRows({ token }, machine.ports());
      await shift({ token, step: 0 }, machine.ports());
      return token;
    },

    async loop(token, most = 200) {
      for (let look = 0; look < most; look += 1) {
        machine.minute += 1;
        const answer = await analyse({ token }, machine.ports());
        if (answer.action === 'NEXT_STEP') await shift({ token, step: answer.step + 1 }, machine.ports());
        else if (answer.action !== 'HOLD') return answer;
      }
      throw new Error('it never ends');
    },
  };
  return machine;
}

export const requestOf = (version: number, overrides: Partial<RolloutRequest> = {}): RolloutRequest => ({
  model: 'churn',
  version,
  kind: 'VERSION',
  by: 'rollout',
  reason: 'passed its gates',
  runId: null,
  code: null,
  ...overrides,
});
