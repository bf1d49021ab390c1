import type { ReactionSettings } from '../../domain/react/policy.ts';
import type { Announcer } from '../shared/announcements.ts';
import type { Registry } from '../shared/registry.ts';

/** What the controller works with. */
export interface ReactPorts {
  readonly registry: Registry;
  readonly announcer: Announcer;
  readonly settings: ReactionSettings;
  readonly model: string;
  /** Where reports are. */
  readonly artifactBucket: string;
  now(): string;
}
