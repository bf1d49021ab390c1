import type { CloudContext } from '../kernel/service.ts';
import type { HistoryEvent } from './interpreter/history.ts';
import type { ExecutionRecord, ExecutionStatus } from './records.ts';

/** What the service tells the others about executions: events, metrics, logs. */
export class Announcements {
  readonly #context: CloudContext;

  constructor(context: CloudContext) {
    this.#context = context;
  }

  /** "Execution Status Change" and the metric of the status. Express executions and children of a Map have no events. */
  statusChanged(record: ExecutionRecord): void {
    if (record.mapRunArn !== undefined) return;
    if (record.type === 'STANDARD') {
      this.#context.putServiceEvent({
        source: 'aws.states',
        detailType: 'Step Functions Execution Status Change',
        resources: [record.executionArn],
        detail: detailOf(record),
      });
    }
    this.#metric(record, METRICS[record.status], 1, 'Count');
    if (record.stopDate !== undefined) {
      this.#metric(record, 'ExecutionTime', record.stopDate - record.startDate, 'Milliseconds');
    }
  }

  /** Traces are not kept here, but the role needs its rights as if they were; without them the service drops traces silently. */
  traceStarted({ traced, roleArn, name }: ExecutionRecord): void {
    if (!traced) return;
    const rights = TRACING.map((action) => ({ action: `xray:${action}`, resource: '*' }));
    try {
      this.#context.authorize(this.#context.rolePrincipal(roleArn, 'StepFunctions'), rights);
    } catch (error) {
      this.#context.log(`execution ${name} is not traced: ${(error as Error).message}`);
    }
  }

  /** Writes an event to the machine's log group when its level asks for it. */
  happened(record: ExecutionRecord, event: HistoryEvent): void {
    const { level, includeExecutionData, destinations = [] } = record.logging;
    if (!LEVELS[level](event.type)) return;
    const line = JSON.stringify({
      id: String(event.id),
      type: event.type,
      details: includeExecutionData ? (event.details ?? {}) : withoutData(event.details ?? {}),
      previous_event_id: String(event.previousEventId),
      event_timestamp: String(event.timestamp),
      execution_arn: record.executionArn,
      redrive_count: String(record.redriveCount),
    });
    for (const { cloudWatchLogsLogGroup } of destinations) {
      const group = /:log-group:([^:]+)/.exec(cloudWatchLogsLogGroup?.logGroupArn ?? '')?.[1];
      if (group) this.#context.putLogEvents(group, streamOf(record), [line]);
    }
  }

  #metric({ stateMachineArn }: ExecutionRecord, name: string, value: number, unit: string): void {
    this.#context.putServiceMetric({
      namespace: 'AWS/States',
      name,
      dimensions: { StateMachineArn: stateMachineArn },
      value,
      unit,
    });
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html */
const TRACING = ['PutTraceSegments', 'PutTelemetryRecords', 'GetSamplingRules', 'GetSamplingTargets'];

const METRICS: Readonly<Record<ExecutionStatus, string>> = {
  RUNNING: 'ExecutionsStarted',
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
};

const FATAL = /^Execution(Failed|Aborted|TimedOut)$/;
const ERROR = /(Failed|Aborted|TimedOut)$|^FailStateEntered$/;

/** https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html */
const LEVELS: Readonly<Record<ExecutionRecord['logging']['level'], (type: string) => boolean>> = {
  ALL: () => true,
  ERROR: (type) => ERROR.test(type),
  FATAL: (type) => FATAL.test(type),
  OFF: () => false,
};

const DATA = [
  'input',
  'inputDetails',
  'output',
  'outputDetails',
  'parameters',
  'assignedVariables',
  'assignedVariablesDetails',
];

function withoutData(details: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(details).filter(([member]) => !DATA.includes(member)));
}

/** `states/<machine>/<minute>/<id>`: one stream an execution here. */
function streamOf({ stateMachine, startDate, executionArn }: ExecutionRecord): string {
  const minute = new Date(startDate).toISOString().slice(0, 16).replace(/[T:]/g, '-');
  return `states/${stateMachine.Name}/${minute}/${executionArn.split(':').at(-1)}`;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
function detailOf(record: ExecutionRecord): Record<string, unknown> {
  return {
    executionArn: record.executionArn,
    stateMachineArn: record.stateMachineArn,
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    name: record.name,
    status: record.status,
    startDate: record.startDate,
    stopDate: record.stopDate ?? null,
    input: record.input,
    output: record.output ?? null,
    inputDetails: { included: true },
    outputDetails: record.output === undefined ? null : { included: true },
    error: record.error ?? null,
    cause: record.cause ?? null,
    redriveCount: record.redriveCount,
    redriveDate: record.redriveDate ?? null,
    redriveStatus: redriveOf(record).redriveStatus,
    redriveStatusReason: redriveOf(record).redriveStatusReason ?? null,
  };
}

/** Whether an execution can be redriven, and why not. */
export function redriveOf({ status, type }: ExecutionRecord): { redriveStatus: string; redriveStatusReason?: string } {
  if (type === 'STANDARD' && ['FAILED', 'TIMED_OUT', 'ABORTED'].includes(status))
    return { redriveStatus: 'REDRIVABLE' };
  return {
    redriveStatus: 'NOT_REDRIVABLE',
    redriveStatusReason: `Execution is ${status} and cannot be redriven`,
  };
}
