import type { CloudContext, Operation, Service } from '../kernel/service.ts';
import { Announcements } from './announcements.ts';
import type { StatesCore } from './api/core.ts';
import { createStateMachine } from './api/create-state-machine.ts';
import { deleteStateMachine } from './api/delete-state-machine.ts';
import { describeExecution } from './api/describe-execution.ts';
import { describeStateMachine, describeStateMachineForExecution } from './api/describe-state-machine.ts';
import { getExecutionHistory } from './api/get-execution-history.ts';
import { listExecutions } from './api/list-executions.ts';
import { listStateMachines } from './api/list-state-machines.ts';
import { describeMapRun, listMapRuns } from './api/map-runs.ts';
import { redriveExecution } from './api/redrive-execution.ts';
import { sendTaskFailure, sendTaskHeartbeat, sendTaskSuccess } from './api/send-task.ts';
import { startExecution, startSyncExecution } from './api/start-execution.ts';
import { stopExecution } from './api/stop-execution.ts';
import { listTagsForResource, tagResource, untagResource } from './api/tags.ts';
import { testState } from './api/test-state.ts';
import { updateStateMachine } from './api/update-state-machine.ts';
import { validateStateMachineDefinition } from './api/validate-state-machine-definition.ts';
import { cloudPort } from './cloud-port.ts';
import { Executions } from './executions.ts';
import type { TaskPort } from './integrations/runner.ts';
import { Evaluator } from './language/evaluator.ts';
import { stateMachineType } from './resource.ts';
import { TokenBook } from './tokens.ts';

export interface StatesOptions {
  /** Where tasks reach other services. @default the cloud's own */
  readonly port?: TaskPort;
  /** Evaluates expressions; whoever brings one stops it. @default one of its own */
  readonly evaluator?: Evaluator;
}

const OPERATIONS: Readonly<Record<string, (core: StatesCore) => Operation>> = {
  CreateStateMachine: createStateMachine,
  UpdateStateMachine: updateStateMachine,
  DeleteStateMachine: deleteStateMachine,
  DescribeStateMachine: describeStateMachine,
  DescribeStateMachineForExecution: describeStateMachineForExecution,
  ListStateMachines: listStateMachines,
  ValidateStateMachineDefinition: validateStateMachineDefinition,
  StartExecution: startExecution,
  StartSyncExecution: startSyncExecution,
  DescribeExecution: describeExecution,
  ListExecutions: listExecutions,
  GetExecutionHistory: getExecutionHistory,
  StopExecution: stopExecution,
  RedriveExecution: redriveExecution,
  TestState: testState,
  SendTaskSuccess: sendTaskSuccess,
  SendTaskFailure: sendTaskFailure,
  SendTaskHeartbeat: sendTaskHeartbeat,
  ListMapRuns: listMapRuns,
  DescribeMapRun: describeMapRun,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
};

/** Step Functions. What it does and what it deliberately does not is in states.md. */
export function statesService(context: CloudContext, options: StatesOptions = {}): Service {
  const { port = cloudPort(context), evaluator = new Evaluator() } = options;
  const tokens = new TokenBook(context.store.collection('states.tokens'));
  const announcements = new Announcements(context);
  const executions = new Executions({ context, evaluator, port, tokens, announcements });
  const core: StatesCore = {
    context,
    machines: context.store.collection('states.machines'),
    executions,
    tokens,
    evaluator,
    tasks: { port, tokens, executionEnded: (arn) => executions.ended(arn) },
  };
  const operations = Object.fromEntries(Object.entries(OPERATIONS).map(([name, create]) => [name, create(core)]));
  return {
    name: 'states',
    target: 'AWSStepFunctions',
    jsonVersion: '1.0',
    operations,
    resourceTypes: [stateMachineType(core, operations)],
    resume: async () => executions.resume(),
    stop: async () => {
      executions.stop();
      if (!options.evaluator) await evaluator.stop();
    },
  };
}
