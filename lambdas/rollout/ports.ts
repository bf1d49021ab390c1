import { Superseded } from '../../domain/errors.ts';
import type { Transition } from '../../domain/registry.ts';
import type { Version } from '../../domain/registry-items.ts';
import type { RolloutCard } from '../../domain/rollout/card.ts';
import type { RolloutRequest } from '../../domain/rollout/flow.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { storable } from '../../domain/rollout/record.ts';
import type { Strategy } from '../../domain/rollout/strategy.ts';
import type { Scores } from '../../domain/scores.ts';
import type { Announcer } from '../shared/announcements.ts';
import type { CapturedRequests } from '../shared/captured-requests.ts';
import type { LiveRequests } from '../shared/live-requests.ts';
import type { Registry } from '../shared/registry.ts';
import type { Traffic } from '../shared/traffic.ts';

/** What every step of a rollout works with. */
export interface RolloutPorts {
  readonly registry: Registry;
  readonly traffic: Traffic;
  readonly requests: LiveRequests & CapturedRequests;
  readonly strategy: Strategy;
  /** The columns that a shadow's comparison is told by. */
  readonly sliceColumns: readonly string[];
  readonly executions: RolloutExecutions;
  readonly announcer: Announcer;
  /** Throws InvalidArtifact unless the golden rows of a version come out of a published function version as they should. */
  smokeTest(version: Version, functionVersion: string): Promise<void>;
  /** What the version and its champion answered on the test rows. */
  scores(version: Version): Promise<Scores>;
  /** Keeps the card as JSON and as a page; gives the page's address. */
  writeCard(record: RolloutRecord, card: RolloutCard): Promise<string>;
  now(): string;
}

export interface RolloutExecutions {
  isRunning(owner: string): Promise<boolean>;
  start(owner: string, request: RolloutRequest): Promise<void>;
}

/** The rollout that a token stands for, as long as it owns the traffic. Throws Superseded afterwards. */
export async function ownedRollout(token: number, { registry }: Pick<RolloutPorts, 'registry'>) {
  const [head, record] = await Promise.all([registry.head(), registry.rollout(token)]);
  if (!record || record.outcome !== null || head.rollout?.token !== token) {
    throw new Superseded(`Rollout ${token} does not own the traffic any more`);
  }
  const version = await registry.version(record.version);
  if (!version) throw new Superseded(`The registry has no version ${record.version}`);
  return { head, record, version };
}

/** The record as its next revision, with changes. */
export const revised = (record: RolloutRecord, changes: Partial<RolloutRecord>): RolloutRecord =>
  storable({ ...record, ...changes, revision: record.revision + 1 });

export function allowed(transition: Transition): Extract<Transition, { ok: true }> {
  if (transition.ok) return transition;
  throw new Superseded(transition.message);
}
