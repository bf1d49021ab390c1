import { type App, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { parseSluice } from '../../lib/config/messages.ts';
import { createApp } from '../../lib/synthesize.ts';
import { sluice, type Template, templates } from '../support/templates.ts';

const config = sluice({
  environments: { dev: {}, prod: { account: '111122223333', region: 'eu-west-1', encryption: 'customer-managed' } },
  models: {
    churn: {
      problem: { kind: 'binary', target: 'churned', positive: 'yes', id: 'customer_id' },
      approval: 'manual',
      notify: { email: ['team@example.com'] },
    },
  },
});

test('cdk-nag finds nothing in AwsSolutions and Serverless, and would say so', () => {
  expect(() => templates(config, { checks: true })).not.toThrow();

  const careless = (app: App) => new Queue(new Stack(app, 'Careless'), 'Queue');
  expect(() => templates(config, { checks: true, change: careless })).toThrow(/AwsSolutions-SQS4/);
});

test('names an environment that is not configured', () => {
  const wrong = () => createApp({ config: parseSluice(config, 'test'), environments: ['production'] });
  expect(wrong).toThrowErrorMatchingInlineSnapshot(
    `[ConfigError: There is no environment "production"; allowed: dev, prod]`,
  );
});

test('templates are as they were when somebody last looked', () => {
  const normalized = Object.entries(templates(config)).map(([name, template]) => [name, normalize(template)]);
  expect(Object.fromEntries(normalized)).toMatchSnapshot();
});

/** Hashes of assets change with the code, the commit with the repository. */
function normalize(template: Template): unknown {
  const text = JSON.stringify(template)
    .replaceAll(/"[0-9a-f]{64}\.(zip|json)"/g, '"<asset>.$1"')
    .replaceAll(/"(CODE_COMMIT|CODE_FINGERPRINT)":"[^"]*"/g, '"$1":"<$1>"');
  return JSON.parse(text);
}
