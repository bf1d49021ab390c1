import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sluice, sluiceJson } from '../support/cli.ts';

/** What the command line says before it talks to any cloud. */

const VERBS = [
  'local',
  'upload',
  'models',
  'runs',
  'versions',
  'show',
  'card',
  'predict',
  'truth',
  'drift',
  'report',
  'incidents',
  'snooze',
  'verify',
  'approve',
  'reject',
];

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  // No profile of this machine, and no metadata service of a cloud machine.
  vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => vi.unstubAllEnvs());

describe('help', () => {
  test('lists every verb, the environment and the exit codes', async () => {
    const { code, out } = await sluice('--help');
    expect(code).toBe(0);
    for (const verb of VERBS) expect(out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
    expect(out).toContain('AWS_ENDPOINT_URL');
    expect(out).toContain('SLUICE_CONFIG');
    expect(out).toContain('Exit codes: 0 done; 1 our fault; 2 usage; 3 ran, and the answer is no');
  });

  test.each(VERBS)('of %s has examples that begin as one types them', async (verb) => {
    const { code, out } = await sluice(verb, '--help');
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`Examples:\n(.*\n)*.*npx sluice ${verb}\\b`));
    expect(out).toContain('--json');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(125);
  });

  test('comes unasked, with exit 2, where no verb was named', async () => {
    const { code, err } = await sluice();
    expect(code).toBe(2);
    expect(err).toContain('Start here:');
  });

  test('knows its version', async () => {
    expect(await sluice('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});

describe('usage errors end with exit 2, and say what to look at', () => {
  test.each([
    [['uplod', 'churn', 'a.csv'], "unknown command 'uplod'\n(Did you mean upload?)", 'npx sluice --help'],
    [['upload', 'churn'], "missing required argument 'file'", 'npx sluice upload --help'],
    [['models', 'churn'], "too many arguments for 'models'", 'npx sluice models --help'],
    [['runs', 'churn', '--all'], "unknown option '--all'", 'npx sluice runs --help'],
    [
      ['snooze', 'churn', 'drift-1', '--for', '2d'],
      "required option '--why <text>' not specified",
      'npx sluice snooze',
    ],
    [['snooze', 'churn', 'drift-1', '--for', 'long', '--why', 'x'], 'expected a duration such as 12h, 2d', ''],
    [['snooze', 'churn', 'drift-1', '--for', '1000d', '--why', 'x'], 'at most 90 days', ''],
    [['local', '--port', '99999'], 'Expected a number from 0 to 65535.', 'npx sluice local --help'],
    [['local', '--time', 'fast'], 'Allowed choices are real, skip.', 'npx sluice local --help'],
  ])('sluice %j', async (argv, message, hint) => {
    const { code, out, err } = await sluice(...argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
    expect(err).toContain(hint);
  });

  test('with --json they are the one document', async () => {
    expect(await sluiceJson('local', '--port', 'x')).toMatchObject({
      code: 2,
      value: { error: { exitCode: 2, message: expect.stringContaining("'x' is invalid"), hint: expect.any(String) } },
    });
  });

  test('a reference that cannot be read, an answer that names no version, files that are not there', async () => {
    expect(await sluice('show', 'churn@')).toMatchObject({ code: 2, err: expect.stringContaining('MODEL@VERSION') });
    expect(await sluice('approve', 'churn')).toMatchObject({ code: 2, err: expect.stringContaining('churn@3') });
    const nowhere = await sluice('verify', 'churn', '--from', '/nonexistent');
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('/nonexistent/record.json') });
    const both = await sluice('verify', 'churn', '--from', 'a', '--save', 'b');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('exclude each other') });
  });
});

describe('an AWS environment that names no cloud', () => {
  test('no region', async () => {
    const { code, err } = await sluice('models');
    expect(code).toBe(2);
    expect(err).toContain('AWS_REGION is missing');
    expect(err).toContain('npx sluice local');
  });

  test('no credentials', async () => {
    vi.stubEnv('AWS_DEFAULT_REGION', 'eu-west-1');
    const { code, value } = await sluiceJson('models');
    expect(code).toBe(2);
    expect(value).toMatchObject({ error: { message: expect.stringContaining('no credentials') } });
  });

  test('an endpoint where nothing answers is not the fault of usage', async () => {
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    const { code, err } = await sluice('models');
    expect(code).toBe(1);
    expect(err).toContain('Nothing answers at http://127.0.0.1:9');
  });
});
