import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { shellExports } from '../../cli/commands/local.ts';
import { customers, toCsv } from '../../examples/churn/generator.ts';
import { alive, BIN, type Child, descendants, runSluice, sluice, sluiceJson, startSluice } from '../support/cli.ts';
import { housesCsv } from '../support/story-data.ts';

/** A person's day with the CLI: one local cloud that keeps its state, every verb, a stop and a restart. */

const CONFIG = fileURLToPath(new URL('../fixtures/cli.config.ts', import.meta.url));

let folder: string;
let cloud: Child;
let ready: { ready: boolean; endpoint: string; region: string; outputs: Record<string, Record<string, string>> };

const start = () =>
  startSluice(['local', '--json', '--time', 'skip', '--state', join(folder, 'state')], { SLUICE_CONFIG: CONFIG });

async function useIt() {
  const line = await cloud.firstLine;
  if (line === null) throw new Error(`sluice local has ended:\n${cloud.err()}`);
  ready = JSON.parse(line);
  for (const [name, value] of Object.entries(shellExports(ready.endpoint, ready.region))) vi.stubEnv(name, value);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'));
  cloud = start();
  await useIt();
  const write = (name: string, content: string) => writeFile(join(folder, name), content);
  await write('january.csv', toCsv(customers({ rows: 1_500, seed: 1 })));
  await write('noise.csv', toCsv(customers({ rows: 1_500, seed: 3, labelNoise: 0.45 })));
  await write('broken.csv', 'customer_id,age\nC1,42\n');
  await write('houses.csv', housesCsv(600, 1));
  await write('houses2.csv', housesCsv(600, 2));
});

afterAll(async () => {
  await cloud?.stop('SIGKILL');
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string) => join(folder, name);

describe('sluice local', () => {
  test('says where it is and what was deployed, in one line of JSON, when it can be used', async () => {
    expect(ready).toMatchObject({ ready: true, region: 'us-east-1', outputs: expect.any(Object) });
    expect(ready.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const data = Object.keys(ready.outputs['Sluice-test-Data'] ?? {});
    expect(data).toEqual(
      expect.arrayContaining(['DataBucketName', 'ArtifactBucketName', 'RegistryTableName', 'AlertsTopicArn']),
    );
    for (const model of ['churn', 'houses']) {
      const names = Object.keys(ready.outputs[`Sluice-test-${model}`] ?? {});
      expect(names).toEqual(expect.arrayContaining(['TrainStateMachineArn', 'PredictFunctionName', 'PredictUrl']));
    }
    expect(await sluiceJson('models')).toMatchObject({
      code: 0,
      value: { stage: 'test', models: [{ model: 'churn', champion: null, versions: 0 }, { model: 'houses' }] },
    });
    expect(cloud.lines).toHaveLength(1);
  });

  test('refuses a port and a state folder that are in use, with exit 1', async () => {
    const port = new URL(ready.endpoint).port;
    const [taken, locked] = await Promise.all([
      runLocal(['--port', port]),
      runLocal(['--state', join(folder, 'state')]),
    ]);
    expect(taken).toMatchObject({ code: 1, err: expect.stringContaining(`Port ${port} is taken`) });
    expect(locked).toMatchObject({ code: 1, err: expect.stringMatching(/state folder .* is in use by process/) });
  });

  test('tells a wrong configuration in its own words, and a stage that there is not, with exit 2', async () => {
    const config = file('wrong.config.ts');
    await writeFile(
      config,
      "export default { environments: { dev: {} }, models: { a: { problem: { kind: 'binray' } } } };",
    );
    const [wrong, nowhere] = await Promise.all([
      runLocal([], { SLUICE_CONFIG: config }),
      runLocal(['--stage', 'moon', '--json']),
    ]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toContain('wrong.config.ts has');
    expect(wrong.err).toContain('models.a.problem.kind');
    expect(wrong.err).not.toContain('    at ');
    expect(nowhere.code).toBe(2);
    expect(JSON.parse(nowhere.out)).toMatchObject({ error: { message: expect.stringContaining('it has test') } });
  });

  test('stops at once when it is asked to while it synthesizes', async () => {
    const early = startSluice(['local', '--json'], { SLUICE_CONFIG: CONFIG });
    const children = await vi.waitFor(
      () => {
        const found = descendants(early.pid);
        expect(found).not.toEqual([]);
        return found;
      },
      { timeout: 60_000, interval: 50 },
    );
    process.kill(-early.pid, 'SIGINT');
    expect(await early.ended).toBe(0);
    expect([early.lines, early.err()]).toEqual([[], '']);
    expect(alive([early.pid, ...children])).toEqual([]);
  });
});

test('sluice local does not outlive the npm that has started it', async () => {
  const env = { ...process.env, SLUICE_CONFIG: CONFIG, npm_command: 'exec' };
  const shell = spawn('sh', ['-c', '"$0" "$@"; :', process.execPath, BIN, 'local', '--json'], { env, stdio: 'ignore' });
  const family = await vi.waitFor(
    () => {
      const found = descendants(shell.pid ?? 0);
      expect(found.length).toBeGreaterThan(1);
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
  shell.kill('SIGKILL');
  await vi.waitFor(() => expect(alive(family)).toEqual([]), { timeout: 60_000, interval: 50 });
});

describe('the verbs', () => {
  test('predict says no before the first champion', async () => {
    const { code, err } = await sluice('predict', 'churn', file('january.csv'));
    expect([code, err]).toEqual([3, expect.stringContaining('NoChampion')]);
  });

  test('upload --wait follows a run to its outcome; progress and result go their own ways', async () => {
    const { code, out, err } = await sluice('upload', 'churn', file('january.csv'), '--wait');
    expect([code, out]).toEqual([0, 'REGISTERED as churn 1.0.0 (version 1)\n']);
    const steps = err.split('\n').map((line) => line.replace(/^ +[\d.]+ s {2}/, ''));
    expect(steps).toEqual(expect.arrayContaining(['Validate data', 'Train candidates', 'Roll out']));
  });

  test('upload --wait ends with 3 where the answer is no', async () => {
    const noise = await sluiceJson('upload', 'churn', file('noise.csv'), '--wait');
    expect([noise.code, noise.value.status]).toEqual([3, 'REJECTED']);
    const broken = await sluice('upload', 'churn', file('broken.csv'), '--wait', '--as', 'march.csv');
    expect([broken.code, broken.out]).toEqual([
      3,
      expect.stringMatching(/^QUARANTINED\n {2}Column "churned" is missing/),
    ]);
    const again = await sluice('upload', 'churn', file('january.csv'), '--wait');
    expect([again.code, again.out]).toEqual([0, expect.stringMatching(/^DUPLICATE as churn 1\.0\.0/)]);
  });

  test('upload without --wait says where it went; a model or a file that there is not is usage', async () => {
    const { code, value } = await sluiceJson('upload', 'churn', file('broken.csv'), '--as', 'later/broken.csv');
    expect([code, value.key]).toEqual([0, 'churn/training/later/broken.csv']);
    expect(await sluice('upload', 'chrun', file('broken.csv'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('it has churn, houses'),
    });
    expect(await sluice('upload', 'churn', file('nothing.csv'))).toMatchObject({ code: 2 });
    expect(await sluice('upload', 'churn', folder)).toMatchObject({ code: 2 });
  });

  test('runs, versions, show and card tell the same story, as text and as JSON', async () => {
    const { out: runs } = await sluice('runs', 'churn');
    expect(runs).toMatch(/REGISTERED +1\.0\.0 +churn\/training\/january\.csv/);
    expect(runs).toMatch(/QUARANTINED +churn\/training\/march\.csv/);
    const { value: versions } = await sluiceJson('versions', 'churn');
    expect(versions).toMatchObject({
      model: 'churn',
      versions: [
        { version: 1, semver: '1.0.0', stage: 'CHAMPION' },
        { version: 2, semver: '1.0.1', stage: 'REJECTED' },
      ],
    });
    const { out: shown } = await sluice('show', 'churn@1.0.0');
    expect(shown).toMatch(/^churn 1\.0\.0 \(version 1\) {2}CHAMPION\n/);
    expect(shown).toMatch(/PROMOTED by rollout/);
    const { out: card } = await sluice('card', 'churn@champion');
    expect(card).toMatch(/^churn 1\.0\.0 \(version 1\) {2}CHAMPION\n/);
    expect(card).toMatch(/^PASS +AUC is/m);
    expect(await sluiceJson('card', 'churn@2')).toMatchObject({ value: { model: 'churn', version: 2, passed: false } });
    await sluice('card', 'churn', '--html', file('card.html'));
    expect(await readFile(file('card.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(await sluice('show', 'churn@9')).toMatchObject({ code: 2, err: expect.stringContaining('2 (1.0.1)') });
  });

  test('predict takes CSV, JSON and standard input, and names the field that does not fit', async () => {
    const { value } = await sluiceJson('predict', 'churn', file('january.csv'));
    expect(value).toMatchObject({ model: 'churn', model_version: '1.0.0' });
    expect(value.predictions).toHaveLength(1_500);
    const [{ churned: _hidden, ...row } = {}] = customers({ rows: 1, seed: 5 });
    const piped = await runSluice(['predict', 'churn', '-'], JSON.stringify([row, row]));
    expect([piped.code, piped.out]).toEqual([
      0,
      expect.stringMatching(/^ROW +LABEL +SCORE\n1 .*\n2 .*\n\nby churn 1\.0\.0/),
    ]);
    await writeFile(file('bad.json'), JSON.stringify({ instances: [row, { ...row, age: 'old' }] }));
    expect(await sluiceJson('predict', 'churn', file('bad.json'))).toMatchObject({
      code: 3,
      value: { error: { code: 'InvalidInstance', field: 'age', index: 1, exitCode: 3 } },
    });
    await writeFile(file('empty.json'), '[]');
    expect(await sluice('predict', 'churn', file('empty.json'))).toMatchObject({ code: 2 });
  });

  test('approve and reject answer for a version that waits', async () => {
    const first = await sluice('upload', 'houses', file('houses.csv'), '--wait');
    expect([first.code, first.out]).toEqual([0, expect.stringContaining('npx sluice approve houses@1')]);
    expect(await sluice('approve', 'houses@1', '--by', 'ada', '--reason', 'read the card')).toMatchObject({ code: 0 });
    await settled('houses', 'houses.csv', 'REGISTERED');
    expect(await sluiceJson('upload', 'houses', file('houses2.csv'), '--wait')).toMatchObject({
      code: 0,
      value: { status: 'AWAITING_APPROVAL' },
    });
    expect(await sluice('reject', 'houses@2', '--by', 'bob', '--reason', 'not now')).toMatchObject({ code: 0 });
    await settled('houses', 'houses2.csv', 'REJECTED');
    const late = await sluice('approve', 'houses@2');
    expect([late.code, late.err]).toEqual([3, expect.stringContaining('REFUSED by bob')]);
    const { out } = await sluice('show', 'houses@1');
    expect(out).toContain('APPROVED by ada: read the card');
  });
});

describe('sluice verify', () => {
  const saved = () => join(folder, 'audit');
  const fromSaved = () => sluiceJson('verify', 'churn', '--from', saved());

  /** Alters a saved file for as long as a check takes. */
  async function altered(name: string, change: (text: string) => string) {
    const path = join(saved(), name);
    const before = await readFile(path);
    await writeFile(path, change(before.toString('latin1')), 'latin1');
    try {
      return await fromSaved();
    } finally {
      await writeFile(path, before);
    }
  }

  test('finds everything as it was decided, and keeps it for a check without a cloud', async () => {
    expect(await sluiceJson('verify', 'churn', '--save', saved())).toMatchObject({
      code: 0,
      value: { ok: true, decisions: 4, versions: 2, files: 8, findings: [] },
    });
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:9');
    expect(await fromSaved()).toMatchObject({ code: 0, value: { ok: true, files: 8 } });
    vi.stubEnv('AWS_ENDPOINT_URL', ready.endpoint);
    expect(await sluice('verify', 'houses', '--from', saved())).toMatchObject({
      code: 2,
      err: expect.stringContaining('the record of "churn", not of "houses"'),
    });
  });

  type Saved = { head: { champion: number }; versions: Record<string, unknown>[]; decisions: { why: string }[] };
  const record = (change: (saved: Saved) => void) => (text: string) => {
    const value = JSON.parse(text) as Saved;
    change(value);
    return JSON.stringify(value);
  };

  test.each<[what: string, file: string, change: (text: string) => string, found: string]>([
    [
      'a decision that was reworded',
      'record.json',
      (text) => text.replace('all gates passed', 'all gates failed'),
      'decision 1',
    ],
    ['a decision that was taken out', 'record.json', record(({ decisions }) => decisions.splice(1, 1)), 'decision 2'],
    ['a log that was cut off', 'record.json', record(({ decisions }) => decisions.pop()), 'decision 4'],
    ['another champion', 'record.json', record(({ head }) => (head.champion = 2)), 'head'],
    [
      'another stage',
      'record.json',
      record(({ versions }) => Object.assign(versions[1] ?? {}, { stage: 'REGISTERED' })),
      'version 2',
    ],
    [
      'better metrics',
      'record.json',
      record(({ versions }) => Object.assign(versions[0] ?? {}, { metrics: {} })),
      'version 1',
    ],
    ['a version that is gone', 'record.json', record(({ versions }) => versions.pop()), 'version 2'],
    ['a record that is none', 'record.json', () => '{}', 'not a record'],
    ['an artifact with one byte more', 'version-1/artifact.zip', (text) => `${text}!`, 'artifact of version 1'],
    [
      'a judgement that was edited',
      'version-2/judgement.json',
      (text) => text.replace('false', 'true'),
      'judgement of version 2',
    ],
    [
      'an evaluation that was edited',
      'version-1/evaluation.json',
      (text) => text.replace('auc', 'AUC'),
      'evaluation of version 1',
    ],
    ['scores that were edited', 'version-1/scores.json', (text) => text.replace('0', '1'), 'scores of version 1'],
  ])('finds %s', async (_what, name, change, found) => {
    const { code, value } = await altered(name, change);
    expect(code).toBe(3);
    expect(JSON.stringify(value)).toContain(found);
  });

  test('finds an artifact that was exchanged together with its registered hash', async () => {
    const artifact = join(saved(), 'version-1', 'artifact.zip');
    const [one, two] = await Promise.all([readFile(artifact), readFile(join(saved(), 'version-2', 'artifact.zip'))]);
    await writeFile(artifact, two);
    const exchanged = await altered(
      'record.json',
      record(({ versions: [first = {}, second = {}] }) => Object.assign(first, { artifact: second.artifact })),
    );
    await writeFile(artifact, one);
    expect([exchanged.code, JSON.stringify(exchanged.value)]).toEqual([
      3,
      expect.stringContaining('the judgement is about'),
    ]);
  });

  test('finds a file that is missing', async () => {
    await rm(join(saved(), 'version-2', 'artifact.zip'));
    expect(await fromSaved()).toMatchObject({
      code: 3,
      value: { findings: [{ what: 'artifact of version 2', problem: 'it is missing' }] },
    });
  });
});

describe('the end', () => {
  test('SIGTERM stops it cleanly; with --state a restart finds everything, and Ctrl+C twice stops it as well', async () => {
    const handlers = descendants(cloud.pid);
    expect(handlers.length).toBeGreaterThan(3);
    expect(await cloud.stop('SIGTERM')).toBe(0);
    expect(alive([cloud.pid, ...handlers])).toEqual([]);
    cloud = start();
    await useIt();
    expect(await sluiceJson('models')).toMatchObject({ value: { models: [{ champion: { semver: '1.0.0' } }, {}] } });
    expect(await sluice('predict', 'churn', file('january.csv'))).toMatchObject({ code: 0 });
    expect(await sluice('verify', 'houses')).toMatchObject({ code: 0 });
    const more = descendants(cloud.pid);
    process.kill(-cloud.pid, 'SIGINT');
    expect(await cloud.stop('SIGINT')).toBe(0);
    expect(alive([cloud.pid, ...more])).toEqual([]);
  });
});

async function runLocal(options: string[], env: NodeJS.ProcessEnv = {}) {
  const child = startSluice(['local', ...options], { SLUICE_CONFIG: CONFIG, ...env });
  return { code: await child.ended, out: child.lines.join('\n'), err: child.err() };
}

/** A run goes on after its answer: looks until the upload has its outcome. */
async function settled(model: string, name: string, status: string) {
  await vi.waitFor(
    async () => {
      const { value } = await sluiceJson('runs', model);
      const uploads = value.uploads as { key: string; status: string }[];
      expect(uploads.find(({ key }) => key.endsWith(`/${name}`))?.status).toBe(status);
    },
    { timeout: 60_000, interval: 100 },
  );
}
