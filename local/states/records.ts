import type { MachineType } from './definition/validate.ts';
import type { Position } from './interpreter/run.ts';
import type { Json, JsonObject } from './json.ts';

/** A state machine as it is kept. Times are ms since the epoch. */
export interface MachineRecord {
  readonly stateMachineArn: string;
  readonly name: string;
  readonly type: MachineType;
  readonly definition: string;
  readonly roleArn: string;
  readonly creationDate: number;
  readonly updateDate?: number;
  readonly revisionId?: string;
  readonly logging: LoggingConfiguration;
  readonly tracing: { readonly enabled: boolean };
  readonly tags: Readonly<Record<string, string>>;
}

export interface LoggingConfiguration {
  readonly level: 'ALL' | 'ERROR' | 'FATAL' | 'OFF';
  readonly includeExecutionData: boolean;
  readonly destinations?: readonly { readonly cloudWatchLogsLogGroup?: { readonly logGroupArn?: string } }[];
}

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** An execution as it is kept; it runs the definition and role of the moment it was started. */
export interface ExecutionRecord {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  /** `$states.context.StateMachine` */
  readonly stateMachine: { readonly Id: string; readonly Name: string };
  readonly name: string;
  readonly type: MachineType;
  readonly synchronous?: boolean;
  readonly definition: string;
  readonly roleArn: string;
  readonly revisionId?: string;
  readonly logging: LoggingConfiguration;
  readonly traced?: boolean;
  readonly input: string;
  readonly startDate: number;
  readonly status: ExecutionStatus;
  readonly stopDate?: number;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
  /** A child of a distributed Map. */
  readonly mapRunArn?: string;
  readonly redriveCount: number;
  readonly redriveDate?: number;
}

/** Where a running execution stands, and what the state there remembers. */
export interface PositionRecord {
  readonly position: Position;
  readonly memory: JsonObject;
}

export interface TokenRecord {
  readonly executionArn: string;
  readonly withdrawn: boolean;
  /** What arrived before anybody waited. */
  readonly result?: Json;
}

export interface MapRunRecord {
  readonly mapRunArn: string;
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  readonly startDate: number;
  readonly stopDate?: number;
  readonly maxConcurrency: number;
  readonly toleratedFailurePercentage: number;
  readonly toleratedFailureCount: number;
  readonly itemCounts: MapRunCounts;
  readonly executionCounts: MapRunCounts;
}

export interface MapRunCounts {
  readonly pending: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly timedOut: number;
  readonly aborted: number;
  readonly total: number;
  readonly resultsWritten: number;
}
