import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { showBytes } from '../domain/wording.ts';
import { handlerBundle } from '../lib/bundles.ts';

/*
 * How long the sample takes to be synthesized when the disk knows the files already (target: 15 s), and how large the
 * handlers' bundles are (target: 1 MB for each but the prediction function, which brings its engine in a layer).
 */
const TARGET = { seconds: 15, bytes: 1_048_576 };
const APP = fileURLToPath(new URL('../bin/app.ts', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
try {
  synthesize();
  const seconds = synthesize();
  const sizes = bundles();
  const control = Object.entries(sizes).filter(([name]) => name !== 'predict');
  const [largest, bytes] = control.reduce((most, next) => (next[1] > most[1] ? next : most), ['', 0]);
  console.log(`synth: ${seconds.toFixed(1)} s`);
  console.log(`largest control handler: ${largest}, ${showBytes(bytes)} (of ${control.length})`);
  console.log(`predict: ${showBytes(sizes.predict ?? 0)}`);
  process.exitCode = seconds <= TARGET.seconds && bytes <= TARGET.bytes ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function synthesize(): number {
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [APP], {
    env: { ...process.env, CDK_OUTDIR: join(folder, 'cdk.out') },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`bin/app.ts ended with ${status}`);
  return (performance.now() - started) / 1000;
}

/** Bytes of each handler's bundle. */
function bundles(): Record<string, number> {
  const lambdas = fileURLToPath(new URL('../lambdas', import.meta.url));
  const names = readdirSync(lambdas).filter((name) => existsSync(join(lambdas, name, 'handler.ts')));
  return Object.fromEntries(names.map((name) => [name, statSync(join(handlerBundle(name), 'index.js')).size]));
}
