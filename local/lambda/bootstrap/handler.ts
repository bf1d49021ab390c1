import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Handler = (event: unknown, context: unknown) => unknown;

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

/** An error of the runtime itself; its name is what callers see as `errorType`. */
function runtimeError(name: string, message: string, stack?: string): Error {
  const error = Object.assign(new Error(message), { name });
  if (stack) error.stack = stack;
  return error;
}

/** Finds the function that `_HANDLER` names (`folder/module.export.member`), as the Node runtime does. */
export async function loadHandler(root: string, name: string): Promise<Handler> {
  const [, folder = '', module, path] = /^(.*\/)?([^./]+)\.(.+)$/.exec(name) ?? [];
  if (name.includes('..') || !module || !path) throw runtimeError('Runtime.MalformedHandlerName', 'Bad handler');
  const exports = await loadModule(resolve(root, folder, module));
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], exports);
  if (found === undefined) throw runtimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof found !== 'function') throw runtimeError('Runtime.HandlerNotFound', `${name} is not a function`);
  if (STREAMING in found) {
    throw runtimeError('LocalCloudUnsupported', 'The local cloud does not implement response streaming');
  }
  if (found.length >= 3) {
    const message = 'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24.';
    throw runtimeError('Runtime.CallbackHandlerDeprecated', message);
  }
  return found as Handler;
}

async function loadModule(path: string): Promise<unknown> {
  const candidates = ['', '.js', '.mjs', '.cjs'].map((extension) => `${path}${extension}`);
  const file = candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  try {
    if (file === undefined) throw runtimeError('Error', `Cannot find module '${path}'`);
    return isModule(file) ? await import(pathToFileURL(file).href) : createRequire(file)(file);
  } catch (error) {
    const { code, stack } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError) throw runtimeError('Runtime.UserCodeSyntaxError', String(error), stack);
    if (file === undefined || code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
      throw runtimeError('Runtime.ImportModuleError', String(error));
    }
    throw error;
  }
}

function isModule(file: string): boolean {
  if (file.endsWith('.mjs')) return true;
  if (!file.endsWith('.js')) return false;
  const manifest = join(dirname(file), 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
}

/** `awslambda.streamifyResponse` exists so that a handler that uses it is told what is missing. */
export function defineGlobals(): void {
  const streamifyResponse = (handler: Handler) => Object.assign(handler, { [STREAMING]: 'response' });
  Object.assign(globalThis, { awslambda: { streamifyResponse } });
}
