import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const STORY = fileURLToPath(new URL('../../examples/churn/story.ts', import.meta.url));

test('npm start tells its story to the end, in plain text where nobody watches, and leaves nothing behind', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-start-'));
  // From another folder, and whatever configuration somebody works on.
  const child = spawn(process.execPath, [STORY], {
    cwd: scratch,
    env: { ...process.env, TMPDIR: scratch, SLUICE_CONFIG: 'mine.config.ts', NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const [code] = await once(child, 'close');
  expect([code, err]).toEqual([0, '']);
  expect(out).not.toContain(String.fromCharCode(27));
  const told = [
    'Sluice-dev-churn: ',
    'january.csv',
    'REGISTERED as churn 1.0.0, which serves from now on',
    'answered by churn 1.0.0',
    '20 % of the traffic to churn 1.0.1',
    '50 % of the traffic to churn 1.0.1',
    'PROMOTED after',
    'REGISTERED as churn 1.0.1, which serves from now on',
    'answered by churn 1.0.1',
    'QUARANTINED',
    'mail      churn: an upload was quarantined',
    'REJECTED as churn 1.0.2',
    'May: a version that is slow',
    'Worse than the champion: latency',
    '0 failed',
    'June: a version that throws for one slice',
    '0 of them by the champion',
    'July: a version that is subtly worse',
    'Worse than the champion: predictions',
    'August: quiet days',
    '7 OK; largest PSI',
    'A gradual shift',
    'drift in window',
    '"data_gb" rose',
    'An abrupt one',
    ' in window',
    'A broken source',
    'data-quality in window',
    'of the rows have no value',
    'Another truth',
    'quality: a challenger is trained on what came since',
    ' uploads have their outcome',
    '✔ The story went as it should',
  ];
  let from = 0;
  for (const text of told) {
    const place = out.indexOf(text, from);
    expect(place, `${text} after:\n${out.slice(0, from)}\nin:\n${out}`).toBeGreaterThan(-1);
    from = place;
  }
  expect(await readdir(scratch)).toEqual([]);
  await rm(scratch, { recursive: true, force: true });
}, 900_000);
