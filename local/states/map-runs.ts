import { randomUUID } from 'node:crypto';
import type { CloudContext } from '../kernel/service.ts';
import { executionArn, expressArn, machineArn, mapRunArn } from './arns.ts';
import type { Executions } from './executions.ts';
import type { ChildResult, DistributedRuns, MapRun, MapRunSpec } from './interpreter/distributed-map.ts';
import { StateFailure } from './interpreter/failure.ts';
import type { Frame } from './interpreter/run.ts';
import type { Json } from './json.ts';
import type { ExecutionRecord, MapRunCounts, MapRunRecord } from './records.ts';

/** Map runs and the child executions of distributed Maps. */
export class MapRuns implements DistributedRuns {
  readonly #context: CloudContext;
  readonly #executions: Executions;

  constructor(context: CloudContext, executions: Executions) {
    this.#context = context;
    this.#executions = executions;
  }

  start({ run }: Frame, spec: MapRunSpec): MapRun {
    const { Name: machine } = run.stateMachine;
    const arn = mapRunArn(this.#context, machine, spec.label, randomUUID());
    const parent = this.#executions.records.get(run.execution.Id) as ExecutionRecord;
    const record: MapRunRecord = {
      mapRunArn: arn,
      executionArn: parent.executionArn,
      stateMachineArn: machineArn(this.#context, `${machine}/${spec.label}`),
      status: 'RUNNING',
      startDate: this.#context.clock.now(),
      maxConcurrency: spec.concurrency,
      toleratedFailureCount: spec.tolerance.count ?? 0,
      toleratedFailurePercentage: spec.tolerance.percentage ?? 0,
      itemCounts: countsOf([], 0),
      executionCounts: countsOf([], 0),
    };
    this.#executions.mapRuns.set(arn, record);
    const children = new Set<string>();
    return {
      arn,
      runChild: async (input, frame) => {
        const child = this.#child(parent, record, spec, input);
        children.add(child.executionArn);
        const abort = () => this.#abort(child.executionArn);
        frame.signal.addEventListener('abort', abort, { once: true });
        this.#executions.start(child);
        await this.#executions.ended(child.executionArn);
        frame.signal.removeEventListener('abort', abort);
        children.delete(child.executionArn);
        return resultOf(this.#executions.records.get(child.executionArn) as ExecutionRecord, input);
      },
      end: (status, results, total) => {
        for (const child of children) this.#abort(child);
        const counts = countsOf(results.filter(Boolean), total);
        const stopDate = this.#context.clock.now();
        this.#executions.mapRuns.set(arn, { ...record, status, stopDate, itemCounts: counts, executionCounts: counts });
      },
    };
  }

  #abort(child: string): void {
    this.#executions.terminate(child, 'ExecutionAborted', { status: 'ABORTED' }, {});
  }

  #child(parent: ExecutionRecord, mapRun: MapRunRecord, spec: MapRunSpec, input: Json): ExecutionRecord {
    const machine = `${parent.stateMachine.Name}/${spec.label}`;
    const type = spec.processor.ProcessorConfig?.ExecutionType ?? 'STANDARD';
    const name = randomUUID();
    return {
      executionArn:
        type === 'EXPRESS'
          ? expressArn(this.#context, machine, name, randomUUID())
          : executionArn(this.#context, machine, name),
      stateMachineArn: mapRun.stateMachineArn,
      stateMachine: { Id: mapRun.stateMachineArn, Name: machine },
      name,
      type,
      definition: JSON.stringify(spec.processor),
      roleArn: parent.roleArn,
      logging: parent.logging,
      input: JSON.stringify(input),
      startDate: this.#context.clock.now(),
      status: 'RUNNING',
      mapRunArn: mapRun.mapRunArn,
      redriveCount: 0,
    };
  }
}

function resultOf(record: ExecutionRecord, input: Json): ChildResult {
  const base = { executionArn: record.executionArn, name: record.name, input };
  if (record.status === 'SUCCEEDED') {
    return { ...base, status: 'SUCCEEDED', output: JSON.parse(record.output ?? 'null') as Json };
  }
  const status = record.status === 'ABORTED' ? 'ABORTED' : 'FAILED';
  return { ...base, status, failure: new StateFailure(record.error, record.cause) };
}

function countsOf(results: readonly ChildResult[], total: number): MapRunCounts {
  const count = (status: ChildResult['status']) => results.filter((result) => result.status === status).length;
  return {
    pending: total - results.length,
    running: 0,
    succeeded: count('SUCCEEDED'),
    failed: count('FAILED'),
    timedOut: 0,
    aborted: count('ABORTED'),
    total,
    resultsWritten: 0,
  };
}
