import { describe, expect, test } from 'vitest';
import {
  modelConfigSchema,
  namedModelConfigSchema,
  settingsJson,
  trainingSettings,
} from '../../domain/model-config.ts';

const problem = { kind: 'binary', target: 'churned' } as const;
const HOUR = 3_600_000;

describe('the settings of watching and reacting', () => {
  test('need not be there: windows of an hour, people are told of drift, quality rolls back', () => {
    const { monitoring, reactions } = modelConfigSchema.parse({ problem });
    expect(monitoring).toEqual({
      every: HOUR,
      capture: { sample: 1, redact: [], keep: 90 * 24 * HOUR },
      drift: { delta: 0.02, falseAlarms: 91 * 24 * HOUR, ignore: [] },
      quality: { epsilon: 0.01, minCoverage: 0.8 },
      slices: [],
    });
    expect(reactions).toEqual({
      drift: 'notify',
      prediction: 'notify',
      quality: 'rollback',
      cooldown: 6 * HOUR,
      retrainsPerWeek: 3,
      minLabels: 500,
    });
  });

  test('reach a handler as they are, and take no room where they are as by default', () => {
    const plain = namedModelConfigSchema.parse({ name: 'churn', problem });
    expect(JSON.parse(settingsJson(plain))).not.toHaveProperty('monitoring');
    expect(JSON.parse(settingsJson(plain))).not.toHaveProperty('reactions');
    const changed = namedModelConfigSchema.parse({
      name: 'churn',
      problem,
      monitoring: { every: '1 day', capture: { redact: ['email'] }, quality: { maturity: '14 days' } },
      reactions: { drift: 'retrain' },
    });
    expect(JSON.parse(settingsJson(changed))).toMatchObject({
      monitoring: { every: 24 * HOUR, capture: { redact: ['email'] }, quality: { maturity: 14 * 24 * HOUR } },
      reactions: { drift: 'retrain' },
    });
    for (const config of [plain, changed]) {
      expect(namedModelConfigSchema.parse(JSON.parse(settingsJson(config)))).toEqual(config);
    }
  });

  test('change nothing of what is trained', () => {
    const one = modelConfigSchema.parse({ problem });
    const other = modelConfigSchema.parse({ problem, monitoring: { every: '1 day' }, reactions: { drift: 'retrain' } });
    expect(trainingSettings(one)).toEqual(trainingSettings(other));
    expect(trainingSettings(one)).toHaveProperty('problem');
  });
});
