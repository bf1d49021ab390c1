import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LAMBDAS = join(ROOT, 'lambdas');

/** The source of a handler, `lambdas/<name>/`. */
export function handlerSource(name: string): string {
  const folder = join(LAMBDAS, name);
  if (!existsSync(join(folder, 'handler.ts'))) throw new Error(`There is no handler lambdas/${name}/handler.ts`);
  return folder;
}

let bundles: string | undefined;

/**
 * A folder with the handler as one CommonJS file. All handlers are bundled by one run of esbuild, in about a second;
 * NodejsFunction would start `npx esbuild` for each.
 */
export function handlerBundle(name: string): string {
  handlerSource(name);
  bundles ??= bundleAll();
  return join(bundles, name);
}

function bundleAll(): string {
  const outdir = mkdtempSync(join(tmpdir(), 'sluice-bundles-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  const names = readdirSync(LAMBDAS).filter((name) => existsSync(join(LAMBDAS, name, 'handler.ts')));
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(names.map((name) => [`${name}/index`, `lambdas/${name}/handler.ts`])),
    outdir,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // ES modules first: what is not used of the SDK and of zod can then be left out.
    mainFields: ['module', 'main'],
    // Native code and WASM come from layers; the SDK is bundled, so that its version is the one that was tested.
    external: ['@duckdb/*', 'ydf-training', 'ydf-inference'],
    logLevel: 'warning',
  });
  return outdir;
}
