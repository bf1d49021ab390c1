import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { synthesizeInto } from '../../cli/synthesize-into.ts';
import { loadAssembly, selectStage } from '../../local/cloudformation/assembly.ts';
import type { Template } from '../../local/cloudformation/template.ts';
import type { PolicyDocument } from '../../local/iam/principal.ts';
import { listOf, statementsOf } from '../../local/iam/statement.ts';
import { HOUSES_CONFIG, Houses } from '../support/houses.ts';
import { roleStatements, type StatementPlace, withoutStatement } from '../support/role-statements.ts';
import { housesCsv } from '../support/story-data.ts';

/**
 * Every statement of every role is needed: each is taken away in turn from a running deployment, and the part of the
 * story that it is for is played. The call must be denied, and somebody must be able to see that something went wrong.
 */
const folder = mkdtempSync(join(tmpdir(), 'sluice-iam-'));
process.env.SLUICE_CONFIG = HOUSES_CONFIG;
const { directory: assembly } = await synthesizeInto(join(folder, 'cdk.out'), {});
const { stacks } = selectStage(loadAssembly(assembly), undefined);
const places = stacks.flatMap(({ name: stack, template }) =>
  roleStatements(stack, template).map((place): Place => {
    const actions = listOf(place.statement.Action);
    const owner = place.policy.replace(/^.*\//, '').replace(/RoleDefaultPolicy[0-9A-F]{8}$/, '');
    return { ...place, stack, owner, actions, title: `${owner} without ${actions.slice(0, 3).join(', ')}` };
  }),
);

interface Place extends StatementPlace {
  readonly title: string;
  readonly stack: string;
  /** Construct path of whom the role is for. */
  readonly owner: string;
  readonly actions: readonly string[];
}

let houses: Houses;
beforeAll(async () => {
  houses = await Houses.open(assembly);
  await houses.train();
  await houses.corrupt();
});
afterAll(async () => {
  await houses?.story.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => houses.mend());

interface Scene {
  readonly owner: RegExp;
  readonly action?: RegExp;
  play(without: Place): Promise<void>;
}

/** The first that fits is the part of the story that a statement is for. */
const SCENES: readonly Scene[] = [
  { owner: /^TrainingStepsQuarantine$/, play: () => houses.corrupt() },
  {
    owner: /^TrainingStepsSettle$/,
    action: /^states:StartExecution$/,
    async play() {
      await houses.upload();
      await houses.story.quiet();
      await houses.upload();
      await houses.approve();
    },
  },
  {
    owner: /^Intake$/,
    action: /^sns:Publish$/,
    async play() {
      await houses.upload(housesCsv(150, 1));
      await houses.hours(2);
    },
  },
  {
    owner: /^Intake$/,
    async play() {
      await houses.upload();
      await houses.hours(2);
    },
  },
  {
    owner: /^IntakeReconcile$/,
    async play() {
      await houses.leaveUndone();
      await houses.hours();
    },
  },
  {
    owner: /^MisplacedUploadsPublish$/,
    async play() {
      const { dataBucket: Bucket } = houses.story.environment;
      await houses.story.s3.send(new PutObjectCommand({ Bucket, Key: 'elsewhere.csv', Body: 'x' }));
      await houses.story.quiet();
    },
  },
  {
    owner: /^RolloutsRollout$/,
    action: /^states:DescribeExecution$/,
    async play(place) {
      // On code that serves already a rollout would be over before the second one looks.
      await houses.deploy((stack, template) => moreMemory(without([place])(stack, template)));
      await houses.rollOutTwice();
    },
  },
  {
    owner: /^RolloutsRollout$/,
    action: /^states:StartExecution$/,
    async play(place) {
      await houses.deploy((stack, template) => moreMemory(without([place])(stack, template)));
      await houses.story.quiet();
    },
  },
  { owner: /./, play: () => houses.train() },
];

const tried = (pattern: RegExp) => places.filter(({ actions }) => actions.some((action) => pattern.test(action)));
const AT_DEPLOYMENT = tried(/^(xray:|logs:CreateLogDelivery|events:DescribeRule)/);
/** Roles whose part of the story is played in capture-iam, monitor-iam and react.test.ts. */
const ELSEWHERE = /^(Capture|Truth|Retraining|Monitoring|Reactions)/;
const here = ({ owner }: Place) => !ELSEWHERE.test(owner);
const LOGS = tried(/^logs:PutLogEvents/).filter(here);
/** Where what cannot be handled is kept: without this permission only the report and a metric tell of it. */
const LAST_RESORT = tried(/^sqs:SendMessage/);
const IN_A_STORY = places.filter(here).filter((place) => ![...AT_DEPLOYMENT, ...LOGS, ...LAST_RESORT].includes(place));

test.each(IN_A_STORY)('$title fails in the open', async (place) => {
  const before = await houses.queued();
  await houses.deploy(without([place]));
  const scene = SCENES.find(
    ({ owner, action }) => owner.test(place.owner) && (!action || action.test(`${place.actions}`)),
  );
  const since = houses.story.cloud.clock.now();
  const denied = await houses.denials(async () => scene?.play(place));
  expect(denied).toContainEqual(by(place));
  const told = await houses.logged(since);
  expect(told.includes('not authorized to perform') || more(before, await houses.queued()).length > 0).toBe(true);
});

test.each(AT_DEPLOYMENT)('$title is not deployed', async (place) => {
  const denied = await houses.denials(async () => {
    const changed = houses.deploy((stack, template) => touched(without([place])(stack, template), place.owner));
    await expect(changed).rejects.toThrow(/does not have permissions|not authorized/);
  });
  expect(denied).toContainEqual(by(place));
});

test('without the permission to write their logs handlers work and the report tells of each', async () => {
  await houses.deploy(without(LOGS));
  const denied = await houses.denials(async () => {
    await houses.train();
    await houses.corrupt();
    await houses.hours();
  });
  for (const place of LOGS) expect(denied).toContainEqual(by(place));
});

describe('a handler that cannot even hand over what it failed on', () => {
  test.each(LAST_RESORT)('$title is in the report', async (place) => {
    await houses.deploy(without([place]));
    const denied = await houses.denials(async () => {
      const { Functions = [] } = await houses.story.lambda.send(new ListFunctionsCommand({}));
      const FunctionName = Functions.map(({ FunctionName = '' }) => FunctionName).find((name) =>
        name.includes(`-${place.owner}Function`),
      );
      await houses.story.lambda.send(
        new InvokeCommand({ FunctionName, InvocationType: 'Event', Payload: Buffer.from('"nonsense"') }),
      );
      await houses.story.quiet();
    });
    expect(denied).toContainEqual(by(place));
  });
});

describe('policies of resources', () => {
  const UNDELIVERED = expect.stringMatching(/-houses-Undelivered/);

  test.each([
    ['an upload whose event the queue does not take', /^IntakeQueuePolicy/, () => houses.train()],
    ['an hour that the reconciliation is not told of', /^IntakeHourlyAllow/, () => houses.hours()],
    ['an hour in which traffic is not compared with the registry', /^RolloutsRegularlyAllow/, () => houses.hours()],
    [
      'new code whose deployment nobody hears of',
      /^RolloutsDeployedAllow/,
      async () => {
        const unheard = grantingNothing(/^RolloutsDeployedAllow/);
        await houses.deploy((stack, template) => moreMemory(unheard(stack, template)));
        await houses.story.quiet();
      },
    ],
    ['a run that somebody stopped without the outcome being recorded', /^TrainingEndedAllow/, () => houses.stopRun()],
  ])('%s is among the undelivered', async (_what, policy, play) => {
    const before = await houses.queued();
    await houses.deploy(grantingNothing(policy));
    const denied = await houses.denials(play);
    expect(denied).toContainEqual(
      expect.stringMatching(/^events\.amazonaws\.com (sqs:SendMessage|lambda:InvokeFunction)$/),
    );
    expect(more(before, await houses.queued())).toContainEqual(UNDELIVERED);
  });

  test('an event that neither its target nor the dead-letter queue takes is denied twice', async () => {
    await houses.deploy(grantingNothing(/^(IntakeQueuePolicy|UndeliveredPolicy)/));
    const denied = await houses.denials(() => houses.train());
    expect(denied.filter((call) => call === 'events.amazonaws.com sqs:SendMessage')).toHaveLength(2);
  });

  test('an alarm whose topic does not let it publish tells nobody, and its history says so', async () => {
    await houses.deploy(grantingNothing(/^AlertsPolicy/));
    const denied = await houses.denials(() => houses.alarm());
    expect(denied).toContainEqual('cloudwatch.amazonaws.com sns:Publish');
    expect(await houses.alarmHistory()).toContain('Failed to execute action');
  });
});

const more = (before: Record<string, number>, after: Record<string, number>) =>
  Object.keys(after).filter((queue) => (after[queue] ?? 0) > (before[queue] ?? 0));

/** The template with what some resources' policies allow taken away; what they deny stays. */
const grantingNothing = (policy: RegExp) => (_stack: string, template: Template) => {
  const copy = structuredClone(template);
  for (const [id, { Type, Properties = {} }] of Object.entries(copy.Resources)) {
    if (!policy.test(id)) continue;
    const { PolicyDocument: document } = Properties as { PolicyDocument?: PolicyDocument };
    if (Type === 'AWS::Lambda::Permission') delete (copy.Resources as Record<string, unknown>)[id];
    else if (document)
      Object.assign(document, { Statement: statementsOf(document).filter(({ Effect }) => Effect === 'Deny') });
  }
  return copy;
};

/** A denial of an action of the statement to its role. */
function by({ policy, actions }: Place) {
  const { roles } = houses.story.cloud.iam.report();
  const role = roles.find(({ statements }) => statements.some((statement) => statement.policy === policy));
  return expect.stringMatching(new RegExp(`^${role?.roleArn.split('/').at(-1)} (${actions.join('|')})$`));
}

const without = (taken: readonly Place[]) => (stack: string, template: Template) =>
  taken
    .filter((place) => place.stack === stack)
    .reduce((changed, place) => withoutStatement(stack, changed, place), template);

/** The template with other settings for the prediction function: new code, as far as traffic is concerned. */
function moreMemory(template: Template): Template {
  const copy = structuredClone(template);
  for (const [id, { Type, Properties = {} }] of Object.entries(copy.Resources)) {
    if (Type === 'AWS::Lambda::Function' && id.startsWith('Prediction')) {
      Properties.MemorySize = Number(Properties.MemorySize) + 64;
    }
  }
  return copy;
}

/** The template with a change to what uses the role, so that the services check the role again. */
function touched(template: Template, owner: string): Template {
  const copy = structuredClone(template);
  const uses = (role: unknown) => JSON.stringify(role)?.includes(`"${owner}Role`);
  for (const { Type, Properties = {} } of Object.values(copy.Resources)) {
    if (Type === 'AWS::Lambda::Function' && uses(Properties.Role)) Properties.Description = 'changed';
    if (Type === 'AWS::StepFunctions::StateMachine' && uses(Properties.RoleArn)) {
      Properties.LoggingConfiguration = { ...(Properties.LoggingConfiguration as object), Level: 'ERROR' };
    }
  }
  return copy;
}
