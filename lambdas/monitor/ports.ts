import type { NamedModelConfig } from '../../domain/model-config.ts';
import type { WindowMetrics } from '../../domain/monitor/window-metrics.ts';
import type { EngineLimits } from '../shared/duckdb.ts';
import type { ObjectListing } from '../shared/object-listing.ts';
import type { ObjectStore } from '../shared/objects.ts';
import type { Registry } from '../shared/registry.ts';

/** What the steps of watching work with. */
export interface MonitorPorts {
  readonly registry: Registry;
  readonly objects: ObjectStore;
  readonly config: NamedModelConfig;
  readonly dataBucket: string;
  readonly artifactBucket: string;
  readonly listing: ObjectListing;
  readonly requests: AnsweredRequests;
  readonly executions: { isRunning(owner: string): Promise<boolean> };
  readonly engine: EngineLimits;
  publish(metrics: WindowMetrics): void;
  now(): string;
}

export interface AnsweredRequests {
  /** Requests that the live alias answered with 200 in this time; counted up to `most` only. */
  answered(span: { from: string; to: string }, most: number): Promise<number>;
}
