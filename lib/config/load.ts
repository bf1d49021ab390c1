import { existsSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError, parseSluice } from './messages.ts';
import type { SluiceConfig } from './schema.ts';

/** Reads and checks the file that `SLUICE_CONFIG` names, by default `sluice.config.ts` in the current folder. */
export function loadConfig(path = process.env.SLUICE_CONFIG ?? 'sluice.config.ts'): SluiceConfig {
  const file = resolve(path);
  if (!FORMATS[extname(file)]) {
    throw new ConfigError(`Cannot read "${path}" as a configuration; allowed: ${Object.keys(FORMATS).join(', ')}`);
  }
  if (!existsSync(file)) {
    throw new ConfigError(`There is no configuration at "${file}"; SLUICE_CONFIG may name another file`);
  }
  return parseSluice(defaultExport(file), basename(file));
}

const FORMATS: Record<string, string> = {
  '.ts': 'module-typescript',
  '.mts': 'module-typescript',
  '.js': 'module',
  '.mjs': 'module',
  '.json': 'json',
};

/** `require` rather than `import()`: it is Node's own also where a test runner replaces `import()`. */
function defaultExport(file: string): unknown {
  const require = createRequire(import.meta.url);
  const hooks = registerConfigHooks(pathToFileURL(file).href, FORMATS[extname(file)] ?? 'module');
  try {
    const loaded: unknown = require(file);
    if (extname(file) === '.json') return loaded;
    if (typeof loaded === 'object' && loaded !== null && 'default' in loaded) return loaded.default;
  } catch (cause) {
    throw new ConfigError(`Cannot load "${file}": ${cause instanceof Error ? cause.message : cause}`, { cause });
  } finally {
    hooks.deregister();
  }
  throw new ConfigError(`"${file}" has no default export; expected: export default defineSluice({ … })`);
}

/**
 * Lets a file in any folder import 'sluice', and reads it as a module whatever the package.json near it says.
 */
function registerConfigHooks(configUrl: string, format: string) {
  const sluice = new URL('../config.ts', import.meta.url).href;
  return registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'sluice'
        ? { url: sluice, format: 'module-typescript', shortCircuit: true }
        : next(specifier, context),
    load: (url, context, next) => next(url, url === configUrl ? { ...context, format } : context),
  });
}
