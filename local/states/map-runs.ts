import { randomUUID } from 'node:crypto';
import type { CloudContext } from '../kernel/service.ts';
import { executionArn, expressArn, machineArn, mapRunArn } from './arns.ts';
import type { Executions } from './executions.ts';
import type { ChildResult, DistributedRuns, MapRun, MapRunSpec, Share } from './interpreter/distributed-map.ts';
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
    this.#mayStart(run.execution.RoleArn, machine);
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
      itemCounts: countsOf([], [], itemsOf),
      executionCounts: countsOf([], [], once),
    };
    this.#executions.mapRuns.set(arn, record);
    const children = new Set<string>();
    return {
      arn,
      runChild: async (share, frame) => {
        const child = this.#child(parent, record, spec, share.input);
        children.add(child.executionArn);
        const abort = () => this.#abort(child.executionArn);
        frame.signal.addEventListener('abort', abort, { once: true });
        this.#executions.start(child);
        await this.#executions.ended(child.executionArn);
        frame.signal.removeEventListener('abort', abort);
        children.delete(child.executionArn);
        return resultOf(this.#executions.records.get(child.executionArn) as ExecutionRecord, share);
      },
      end: (status, results, shares) => {
        for (const child of children) this.#abort(child);
        const ended = results.filter(Boolean);
        const itemCounts = countsOf(ended, shares, itemsOf);
        const executionCounts = countsOf(ended, shares, once);
        const stopDate = this.#context.clock.now();
        this.#executions.mapRuns.set(arn, { ...record, status, stopDate, itemCounts, executionCounts });
      },
    };
  }

  /**
   * A distributed Map starts executions of its own machine, with its role.
   * https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
   */
  #mayStart(roleArn: string, machine: string): void {
    const resource = machineArn(this.#context, machine.split('/')[0] ?? machine);
    try {
      const principal = this.#context.rolePrincipal(roleArn, 'StepFunctions');
      this.#context.authorize(principal, [{ action: 'states:StartExecution', resource }]);
    } catch (error) {
      throw new StateFailure('States.Permissions', (error as Error).message);
    }
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

function resultOf(record: ExecutionRecord, { input, items }: Share): ChildResult {
  const base = { executionArn: record.executionArn, name: record.name, input, items };
  if (record.status === 'SUCCEEDED') {
    return { ...base, status: 'SUCCEEDED', output: JSON.parse(record.output ?? 'null') as Json };
  }
  const status = record.status === 'ABORTED' ? 'ABORTED' : 'FAILED';
  return { ...base, status, failure: new StateFailure(record.error, record.cause) };
}

type Weight = (share: { readonly items: number }) => number;
const itemsOf: Weight = ({ items }) => items;
const once: Weight = () => 1;

function countsOf(results: readonly ChildResult[], shares: readonly Share[], weight: Weight): MapRunCounts {
  const sum = (list: readonly { readonly items: number }[]) => list.reduce((total, share) => total + weight(share), 0);
  const count = (status: ChildResult['status']) => sum(results.filter((result) => result.status === status));
  return {
    pending: sum(shares) - sum(results),
    running: 0,
    succeeded: count('SUCCEEDED'),
    failed: count('FAILED'),
    timedOut: 0,
    aborted: count('ABORTED'),
    total: sum(shares),
    resultsWritten: 0,
  };
}
