import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../domain/errors.ts';
import {
  admitInput,
  evaluateInput,
  judgeInput,
  quarantineInput,
  registerInput,
  requestApprovalInput,
  settleInput,
  splitInput,
  trainInput,
  validateInput,
} from '../../domain/flow.ts';
import { rolloutRequestSchema } from '../../domain/rollout/flow.ts';
import { lintStateMachine } from '../../lib/asl-lint.ts';
import type { Document } from '../../local/kernel/service.ts';
import { ROLE, type StatesCloud, statesCloud } from '../support/states-cloud.ts';

const SOURCE = readFileSync(new URL('../../statemachines/train.asl.json', import.meta.url), 'utf8');
const STEPS = [
  'Admit',
  'Validate',
  'Quarantine',
  'Split',
  'Train',
  'Evaluate',
  'Judge',
  'Register',
  'RequestApproval',
  'RollOut',
  'Settle',
] as const;
type Step = (typeof STEPS)[number];

const sha256 = 'a'.repeat(64);
const run = {
  model: 'churn',
  runId: 'churn-1',
  dataset: {
    bucket: 'data',
    key: 'churn/training/a.csv',
    versionId: 'v1',
    sha256,
    bytes: 10,
    format: 'csv',
    parts: [{ key: 'churn/training/a.csv', versionId: 'v1', bytes: 10 }],
    uploadedAt: '2030-01-01T00:00:00Z',
  },
};
const artifact = { bucket: 'artifacts', key: 'k', sha256, bytes: 1 };
const candidate = { learner: 'random-forest', artifact, contract: 'c', seconds: 1, validationLoss: null };

/** What each step answers when all goes well. */
const WELL: Record<Step, unknown> = {
  Admit: { approval: 'automatic', approvalTimeoutSeconds: 3600, learners: ['gradient-boosted-trees', 'random-forest'] },
  Validate: { valid: true, rows: 9, columns: 2, schemaKey: 's', reportKey: 'r', reasons: [] },
  Quarantine: { quarantineKey: 'q', reportKey: 'q/report.json' },
  Split: { trainKey: 't', trainRows: 8, testKey: 'e', testRows: 1, profileKey: 'p', features: 1 },
  Train: candidate,
  Evaluate: {
    challenger: candidate,
    champion: null,
    evaluationKey: 'e',
    scoresKey: 's',
    goldenKey: 'g',
    metrics: { auc: { value: 0.8, lower: 0.7, upper: 0.9 } },
  },
  Judge: { passed: true, failed: [], judgementKey: 'j', evidenceSha256: sha256 },
  Register: { version: 7, semver: '1.2.0', stage: 'REGISTERED', cardKey: 'c' },
  RequestApproval: null,
  RollOut: { outcome: 'PROMOTED', rejected: false, why: 'no harm', token: 3 },
  Settle: { status: 'REGISTERED' },
};

/** What each step takes: a payload that its handler would refuse fails the test. */
const INPUTS: Record<Step, { parse(value: unknown): unknown }> = {
  Admit: admitInput,
  Validate: validateInput,
  Quarantine: quarantineInput,
  Split: splitInput,
  Train: trainInput,
  Evaluate: evaluateInput,
  Judge: judgeInput,
  Register: registerInput,
  RequestApproval: requestApprovalInput,
  RollOut: rolloutRequestSchema,
  Settle: settleInput,
};

interface Thrown {
  readonly errorType: string;
  readonly errorMessage: string;
}
const thrown = (errorType: string, errorMessage = 'no'): Thrown => ({ errorType, errorMessage });
const isThrown = (answer: unknown): answer is Thrown =>
  typeof answer === 'object' && answer !== null && 'errorType' in answer;

interface Scenario {
  /** Answers other than {@link WELL}; a function is given how often it was called before. */
  readonly answers?: Partial<Record<Step, unknown>>;
  /** What the person does with the task token. */
  readonly person?: (cloud: StatesCloud, token: string) => Promise<unknown>;
  /** Time that passes while nobody does anything. */
  readonly silence?: number;
  /** The rollout was started before, and its end was missed. */
  readonly rolledOutBefore?: boolean;
}

async function play({ answers = {}, person, silence = 0, rolledOutBefore = false }: Scenario = {}) {
  const called: Step[] = [];
  const payloads: Partial<Record<Step, Record<string, unknown>>> = {};
  const cloud: StatesCloud = statesCloud({
    answer: async ({ input }) => {
      const step = stepOf(input);
      const payload = JSON.parse(Buffer.from(input.Payload as Uint8Array).toString('utf8'));
      INPUTS[step].parse(payload);
      const before = called.filter((name) => name === step).length;
      called.push(step);
      payloads[step] = payload;
      if (step === 'RequestApproval' && person) void person(cloud, payload.token);
      const given = step in answers ? answers[step] : WELL[step];
      return invoked(typeof given === 'function' ? given(before) : given);
    },
  });
  try {
    const { stateMachineArn } = await cloud.call('CreateStateMachine', {
      name: 'rollout',
      definition: JSON.stringify(ROLLOUT),
      roleArn: ROLE,
    });
    const definition = SOURCE.replaceAll(/\$\{(\w+)FunctionArn\}/g, (_, step) => functionArn(step)).replaceAll(
      '${RolloutMachineArn}',
      String(stateMachineArn),
    );
    if (rolledOutBefore) {
      const request = { model: 'churn', version: 7, kind: 'VERSION', by: 'rollout', reason: 'its first attempt' };
      const input = JSON.stringify(request);
      await cloud.call('StartExecution', { stateMachineArn, name: 'a-run-rollout', input });
      await cloud.clock.idle();
    }
    const { executionArn } = await cloud.run(definition, run, { executionName: 'a-run' });
    await cloud.clock.advance(silence);
    const { status, error, cause, output } = await cloud.call('DescribeExecution', { executionArn });
    const events = await cloud.history(executionArn);
    const states = events.flatMap(
      (event) => (event.stateEnteredEventDetails as { name: string } | undefined)?.name ?? [],
    );
    return { status, error, cause, output, states, called, outcome: payloads.Settle?.outcome };
  } finally {
    await cloud.stop();
  }
}

const functionArn = (step: string) => `arn:aws:lambda:us-east-1:111111111111:function:${step}`;
const stepOf = (input: Document) => String(input.FunctionName).split(':').at(-1) as Step;
const invoked = (answer: unknown): Document => ({
  StatusCode: 200,
  ExecutedVersion: '$LATEST',
  Payload: Buffer.from(JSON.stringify(answer)),
  ...(isThrown(answer) ? { FunctionError: 'Unhandled' } : {}),
});

/** Stands in for the rollout machine: one task that answers what its end answers. */
const ROLLOUT = {
  QueryLanguage: 'JSONata',
  StartAt: 'Roll',
  States: {
    Roll: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: functionArn('RollOut'), Payload: '{% $states.input %}' },
      Output: '{% $states.result.Payload %}',
      End: true,
    },
  },
};

test('the definition passes the lint', () => {
  const functions = STEPS.filter((step) => step !== 'RollOut');
  const substitutions = [...functions.map((step) => `${step}FunctionArn`), 'RolloutMachineArn'];
  expect(lintStateMachine(JSON.parse(SOURCE), { substitutions, knownErrors: Object.values(ERROR_NAMES) })).toEqual([]);
});

describe('a run', () => {
  test('that goes well becomes the champion', async () => {
    const { status, states, outcome, called, output } = await play();
    expect(states).toEqual([
      'Admit run',
      'Validate data',
      'Data valid?',
      'Split and profile',
      'Train candidates',
      'Train candidate',
      'Train candidate',
      'Evaluate candidates',
      'Compare with champion',
      'Register version',
      'Passed its gates?',
      'Needs approval?',
      'Roll out',
      'Promoted?',
      'Record promotion',
      'Version serves',
    ]);
    expect(called.filter((step) => step === 'Train')).toHaveLength(2);
    expect(outcome).toEqual({ status: 'REGISTERED', version: 7, semver: '1.2.0', reasons: [] });
    expect([status, output]).toEqual(['SUCCEEDED', '{"status":"REGISTERED"}']);
  });

  test('on bad data is quarantined: it did its work, and is no failure', async () => {
    const Validate = { ...(WELL.Validate as object), valid: false, reasons: ['column "age" is text'] };
    const { status, called, outcome } = await play({ answers: { Validate } });
    expect(status).toBe('SUCCEEDED');
    expect(called).toEqual(['Admit', 'Validate', 'Quarantine', 'Settle']);
    expect(outcome).toEqual({ status: 'QUARANTINED', reasons: ['column "age" is text'], reportKey: 'q/report.json' });
  });

  test.each([
    [true, 'REJECTED'],
    [false, 'REGISTERED'],
  ])('whose rollout is rolled back tells why; rejected by it: %s', async (rejected, status) => {
    const RollOut = { outcome: 'ROLLED_BACK', rejected, why: 'errors: 9 of 90', token: 3 };
    const { outcome, states } = await play({ answers: { RollOut } });
    expect(outcome).toMatchObject({ status, version: 7, reasons: ['its rollout was rolled back: errors: 9 of 90'] });
    expect(states.at(-1)).toBe('Version rolled back');
  });

  test.each([
    [WELL.RollOut, 'Version serves'],
    [{ outcome: 'ROLLED_BACK', rejected: true, why: 'harm', token: 3 }, 'Version rolled back'],
    [thrown('Sluice.Superseded'), 'Run failed'],
  ])('that missed the end of its rollout looks it up', async (RollOut, end) => {
    const { states, called } = await play({ answers: { RollOut }, rolledOutBefore: true });
    expect(states).toContain('Look up rollout');
    expect(states.at(-1)).toBe(end);
    expect(called.filter((step) => step === 'RollOut')).toHaveLength(1);
  });

  test('that a gate rejects is registered, recorded and not rolled out', async () => {
    const Judge = { ...(WELL.Judge as object), passed: false, failed: ['auc 0.6 is below 0.75'] };
    const { status, called, outcome } = await play({ answers: { Judge } });
    expect(status).toBe('SUCCEEDED');
    expect(called).not.toContain('RollOut');
    expect(called).toContain('Register');
    expect(outcome).toEqual({ status: 'REJECTED', version: 7, semver: '1.2.0', reasons: ['auc 0.6 is below 0.75'] });
  });
});

describe('where a person decides', () => {
  const Admit = { ...(WELL.Admit as object), approval: 'manual' };
  const answer = (approved: boolean) => (cloud: StatesCloud, taskToken: string) =>
    cloud.call('SendTaskSuccess', {
      taskToken,
      output: JSON.stringify({ approved, by: 'ana', reason: approved ? 'fine' : 'too many features' }),
    });

  test('an approval rolls the version out', async () => {
    const { called, outcome } = await play({ answers: { Admit }, person: answer(true) });
    expect(called.slice(-3)).toEqual(['RequestApproval', 'RollOut', 'Settle']);
    expect(outcome).toMatchObject({ status: 'REGISTERED', version: 7 });
  });

  test('a rejection is recorded with the name and the reason', async () => {
    const { status, called, outcome } = await play({ answers: { Admit }, person: answer(false) });
    expect(called).not.toContain('RollOut');
    expect(outcome).toMatchObject({ status: 'REJECTED', reasons: ['rejected by ana: too many features'] });
    expect(status).toBe('SUCCEEDED');
  });

  test('no answer in time is a rejection too, and nothing is rolled out', async () => {
    const { status, called, outcome } = await play({ answers: { Admit }, silence: 8 * 86_400_000 });
    expect(called).not.toContain('RollOut');
    expect(outcome).toMatchObject({ status: 'REJECTED', reasons: ['nobody answered before the approval expired'] });
    expect(status).toBe('SUCCEEDED');
  });
});

describe('a failure', () => {
  const UNTIL_SETTLED = STEPS.filter(
    (step) => step !== 'Settle' && step !== 'Quarantine' && step !== 'RequestApproval',
  );

  test.each(UNTIL_SETTLED)('in %s ends in Fail, after its outcome is recorded', async (step) => {
    const error = step === 'Train' ? ERROR_NAMES.trainingTooLarge : ERROR_NAMES.invalidArtifact;
    const { status, error: name, outcome, states } = await play({ answers: { [step]: thrown(error, 'because') } });
    // The error of a nested execution is in its cause.
    const told = step === 'RollOut' ? 'States.TaskFailed' : error;
    expect([status, name]).toEqual(['FAILED', told]);
    expect(states.slice(-2)).toEqual(['Record failure', 'Run failed']);
    expect(outcome).toMatchObject({ status: 'FAILED', failure: { Error: told } });
    expect(JSON.stringify(outcome)).toContain('because');
  });

  test('of quarantine and of asking for approval is recorded too', async () => {
    const Validate = { ...(WELL.Validate as object), valid: false };
    const quarantine = await play({ answers: { Validate, Quarantine: thrown('Error') } });
    const Admit = { ...(WELL.Admit as object), approval: 'manual' };
    const approval = await play({ answers: { Admit, RequestApproval: thrown('Error') } });
    expect([quarantine.outcome, approval.outcome]).toMatchObject([{ status: 'FAILED' }, { status: 'FAILED' }]);
  });

  test.each([ERROR_NAMES.dependencyUnavailable, ERROR_NAMES.conflict, 'Lambda.TooManyRequestsException'])(
    '%s is tried again',
    async (error) => {
      const Split = (before: number) => (before < 3 ? thrown(error) : WELL.Split);
      const { status, called } = await play({ answers: { Split } });
      expect(called.filter((step) => step === 'Split')).toHaveLength(4);
      expect(status).toBe('SUCCEEDED');
    },
  );

  test('that retrying cannot help is not tried again', async () => {
    const { called } = await play({ answers: { Train: thrown(ERROR_NAMES.trainingFailed) } });
    expect(called.filter((step) => step === 'Train').length).toBeLessThanOrEqual(2);
  });

  test('of the recording itself still ends the run, for the rule on failed runs to settle', async () => {
    const { status, states } = await play({ answers: { Settle: thrown('Error', 'the table is gone') } });
    expect(status).toBe('FAILED');
    expect(states.at(-1)).toBe('Outcome not recorded');
  });

  test('of a run that does not hold the slot records nothing: it owns nothing', async () => {
    const { status, error, called } = await play({ answers: { Admit: thrown(ERROR_NAMES.superseded) } });
    expect([status, error, called]).toEqual(['FAILED', ERROR_NAMES.superseded, ['Admit']]);
  });
});
