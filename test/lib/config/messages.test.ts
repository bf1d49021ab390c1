import { describe, expect, test } from 'vitest';
import { parseSluice } from '../../../lib/config/messages.ts';
import {
  allAtOnce,
  atLeast,
  defineSluice,
  fairness,
  goldenRows,
  lambdaServing,
  lambdaTraining,
  latency,
  notWorseThanChampion,
  sagemakerTraining,
  slices,
} from '../../../lib/config.ts';

const problem = { kind: 'binary', target: 'churned' } as const;
const model = (settings: object = {}) => ({ environments: { dev: {} }, models: { churn: { problem, ...settings } } });
const mistakes = (config: unknown): string => {
  try {
    parseSluice(config, 'sluice.config.ts');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('the configuration was accepted');
};

test('a model needs its problem only', () => {
  const { models, environments } = parseSluice(model(), 'test');
  expect(environments).toEqual({ dev: { encryption: 'aws-managed', logRetentionDays: 90, dashboard: false } });
  expect(models.churn).toMatchObject({
    training: { kind: 'lambda', learners: ['gradient-boosted-trees'], memory: 3008 },
    approval: 'automatic',
    serving: { kind: 'lambda', memory: 1024 },
    rollout: { kind: 'all-at-once' },
    notify: { email: [] },
  });
});

test('the helpers write what the schema reads', () => {
  const config = defineSluice({
    environments: { dev: {}, prod: { account: '111122223333', region: 'eu-west-1', encryption: 'customer-managed' } },
    models: {
      churn: {
        problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer_id' },
        training: lambdaTraining({ learners: ['random-forest'], memory: 4096 }),
        gates: [
          atLeast('auc', 0.75, { mode: 'bound' }),
          notWorseThanChampion('auc', { margin: 0.01 }),
          slices(['region'], { metric: 'auc', margin: 0.05 }),
          fairness('gender'),
          latency({ p95: '20 ms' }),
          goldenRows([{ instance: { tenure: 1 }, label: 'yes' }]),
        ],
        serving: lambdaServing({ memory: 2048 }),
        rollout: allAtOnce(),
        approval: 'manual',
        approvalTimeout: '2 days',
        notify: { email: ['team@example.com'] },
      },
    },
  });
  const { churn } = parseSluice(config, 'test').models;
  expect(churn?.gates?.map(({ gate }) => gate)).toEqual([
    'at-least',
    'not-worse-than-champion',
    'slices',
    'fairness',
    'latency',
    'golden-rows',
  ]);
  expect(churn?.approvalTimeout).toBe(2 * 86_400_000);
});

describe('mistakes', () => {
  test('are told all at once, each with its path, its value and what is allowed', () => {
    const config = {
      environments: { dev: { regoin: 'eu-west-1', logRetentionDays: 8 }, Prod: {} },
      models: {
        churn: {
          problem: { kind: 'binry', target: 'churned' },
          training: { kind: 'lambda', memory: 12, learners: ['gradient-bosted-trees'] },
          notify: { email: ['nobody'] },
          approval: true,
        },
        prices: {},
      },
    };
    expect(mistakes(config)).toMatchInlineSnapshot(`
      "sluice.config.ts has 9 mistakes:
        environments.dev.logRetentionDays: got 8; allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653
        environments.dev.regoin: unknown key; allowed: account, region, encryption, logRetentionDays, dashboard (did you mean "region"?)
        environments.Prod: the name "Prod" will not do; expected 1 to 20 lower-case letters, digits and hyphens, starting with a letter
        models.churn.problem.kind: got "binry"; allowed: binary, multiclass, regression (did you mean "binary"?)
        models.churn.training.learners[0]: got "gradient-bosted-trees"; allowed: gradient-boosted-trees, random-forest (did you mean "gradient-boosted-trees"?)
        models.churn.training.memory: got 12; allowed: at least 1024
        models.churn.approval: got true; allowed: automatic, manual
        models.churn.notify.email[0]: got "nobody"; expected an e-mail address
        models.prices.problem: missing; expected an object { … }"
    `);
  });

  test('of gates name what fits the kind of problem', () => {
    const gates = [atLeast('auc', 0.7), fairness('region'), notWorseThanChampion('rmse', { margin: 1 })];
    const config = {
      environments: { dev: {} },
      models: { prices: { problem: { kind: 'regression', target: 'price' }, gates } },
    };
    expect(mistakes(config)).toMatchInlineSnapshot(`
      "sluice.config.ts has 2 mistakes:
        models.prices.gates[0].metric: got "auc", which a regression problem does not have; allowed: rmse, mae, r2
        models.prices.gates[1]: fairness compares rates of the positive class; allowed: binary problems"
    `);
  });

  test('of a duration show how one is written', () => {
    expect(mistakes(model({ gates: [latency({ p95: 'soon' })] }))).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.churn.gates[0].p95: got "soon"; expected a number, or expected a duration such as '20 ms', '10 minutes' or '6 hours'"
    `);
    expect(mistakes(model({ approvalTimeout: '40 days' }))).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.churn.approvalTimeout: got 40 days; allowed: at most 30 days"
    `);
  });

  test('of monitoring and reactions name the path, the value and what is allowed', () => {
    const monitoring = {
      every: '90 seconds',
      capture: { keep: '36 hours', sample: 2, redact: ['income'] },
      slices: ['churned', 'income'],
      evrey: '1 hour',
    };
    expect(
      mistakes(model({ monitoring, reactions: { drift: 'rollback', cooldown: 'a while' } })),
    ).toMatchInlineSnapshot(`
      "sluice.config.ts has 4 mistakes:
        models.churn.monitoring.capture.sample: got 2; allowed: at most 1
        models.churn.monitoring.evrey: unknown key; allowed: every, capture, drift, quality, slices
        models.churn.reactions.drift: got "rollback"; allowed: notify, retrain
        models.churn.reactions.cooldown: got "a while"; expected a number, or expected a duration such as '20 ms', '10 minutes' or '6 hours'"
    `);
    const contradictions = {
      monitoring: {
        every: '90 seconds',
        capture: { keep: '36 hours', redact: ['income'] },
        quality: { maturity: '40 days' },
        slices: ['churned', 'income'],
      },
      reactions: { drift: 'retrain', retrainsPerWeek: 0 },
    };
    expect(mistakes(model(contradictions))).toMatchInlineSnapshot(`
      "sluice.config.ts has 7 mistakes:
        models.churn.monitoring.every: got 90 seconds; allowed: whole minutes, from 5 minutes to 7 days
        models.churn.monitoring.capture.keep: got 36 hours; allowed: whole days
        models.churn.monitoring.quality.maturity: got 40 days, when captures are gone after 36 hours; allowed: less than monitoring.capture.keep
        models.churn.monitoring.slices[0]: "churned" is the target; allowed: features
        models.churn.monitoring.slices[1]: "income" is redacted; allowed: fields that are kept
        models.churn.reactions.drift: got "retrain", which needs "income", and monitoring.capture.redact leaves it out; allowed: notify
        models.churn.reactions.retrainsPerWeek: got 0, and reactions.drift is "retrain"; allowed: at least 1"
    `);
  });

  test('of a rollout that waits for what never comes', () => {
    const rollout = { kind: 'canary', steps: [10], bake: '1 hour', guardrails: { quality: { required: true } } };
    expect(mistakes(model({ rollout }))).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.churn.rollout.guardrails.quality.required: labels do not reach rollouts in this version; allowed: false"
    `);
  });

  test('of columns that contradict each other', () => {
    const config = {
      environments: { dev: {} },
      models: { a: { problem: { ...problem, id: 'churned', ignore: ['churned'] } } },
    };
    expect(mistakes(config)).toMatchInlineSnapshot(`
      "sluice.config.ts has 2 mistakes:
        models.a.problem.id: "churned" is the target already; allowed: another column
        models.a.problem.ignore[0]: "churned" is the target; it cannot be ignored"
    `);
  });

  test('of what is not in this version name what to use instead', () => {
    const config = model({
      notify: { slack: 'https://hooks.slack.com/x' },
    });
    expect(mistakes(config)).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.churn.notify.slack: slack is not in this version; send to Slack by its e-mail address for a channel: notify: { email: [...] }"
    `);
    expect(() => sagemakerTraining({ image: 'x' })).toThrowErrorMatchingInlineSnapshot(
      `[Error: sagemakerTraining() is not in this version; train with lambdaTraining(): gradient boosted trees and random forests, up to 10 GB of memory]`,
    );
  });

  test('of names: two stacks may not be called the same, not even on a disk that folds case', () => {
    expect(mistakes({ environments: { dev: {} }, models: { data: { problem } } })).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models: model "data" in environment "dev" and the data of environment "dev" would both be the stack Sluice-dev-data; rename one"
    `);
    const environments = { dev: {}, 'dev-eu': {} };
    expect(mistakes({ environments, models: { churn: { problem }, 'eu-churn': { problem } } })).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models: model "churn" in environment "dev-eu" and model "eu-churn" in environment "dev" would both be the stack Sluice-dev-eu-churn; rename one"
    `);
    expect(mistakes({ environments: { dev: {} }, models: { Churn: { problem } } })).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.Churn: the name "Churn" will not do; expected 1 to 40 lower-case letters, digits and hyphens, starting with a letter"
    `);
  });

  test('of a file that holds something else', () => {
    expect(mistakes({ environments: {}, models: {} })).toMatchInlineSnapshot(`
      "sluice.config.ts has 2 mistakes:
        environments: expected at least one environment, for example dev: {}
        models: expected at least one model, for example churn: { problem: { kind: 'binary', … } }"
    `);
    expect(mistakes(undefined)).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        the default export: missing; expected an object { … }"
    `);
    expect(mistakes('churn')).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        the default export: got "churn"; expected an object { … }"
    `);
  });

  test('of size: settings must fit an environment variable of Lambda', () => {
    const columns = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`a_rather_long_column_${i}`, { type: 'numeric', min: 0 }]),
    );
    expect(mistakes(model({ problem: { ...problem, columns } }))).toMatchInlineSnapshot(`
      "sluice.config.ts has a mistake:
        models.churn: the settings take 3603 bytes as JSON; allowed: 3000. Columns that need no rule can be left out"
    `);
  });
});
