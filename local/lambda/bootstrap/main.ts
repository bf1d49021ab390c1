import { enableCompileCache, flushCompileCache } from 'node:module';
import { patchDate, setClockOffset } from './clock.ts';
import { patchConsole, setLoggedRequest } from './console.ts';
import { defineGlobals, type Handler, loadHandler } from './handler.ts';
import { confineModules } from './modules.ts';
import { guardNetwork } from './network.ts';
import {
  type BootstrapOptions,
  type ErrorDocument,
  endOfOutput,
  type InvokeMessage,
  type RuntimeMessage,
} from './protocol.ts';

const options = JSON.parse(process.argv.pop() ?? '') as BootstrapOptions;
/** After the first answer, when nobody waits. */
const COMPILE_CACHE_DELAY_MS = 50;
const root = process.env.LAMBDA_TASK_ROOT ?? '';
const send = process.send?.bind(process);
let current: string | undefined;

/** Sends, then goes on once the message is out. */
function tell(message: RuntimeMessage, then: () => void = () => undefined): void {
  if (current !== undefined) {
    process.stdout.write(endOfOutput(current));
    process.stderr.write(endOfOutput(current));
  }
  send?.(message, undefined, undefined, then);
}

function describe(error: unknown): ErrorDocument {
  if (error instanceof Error) {
    return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function fail(error: unknown, then?: () => void): void {
  const document = describe(error);
  const what = current === undefined ? 'Init Error' : 'Invoke Error';
  console.error(
    what,
    JSON.stringify({ ...document, ...(error instanceof Error ? error : {}), trace: undefined, stack: document.trace }),
  );
  if (current === undefined) tell({ kind: 'init-error', error: document }, then);
  else tell({ kind: 'error', requestId: current, error: document }, then);
  current = undefined;
}

function contextOf(message: InvokeMessage) {
  const deadline = performance.now() + message.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: message.clientContext,
    identity: undefined,
    invokedFunctionArn: message.invokedFunctionArn,
    awsRequestId: message.requestId,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  };
}

/** Writes what V8 compiled, for the next sandbox; Node does it at an exit, and this process will be killed. */
function keepCompiledCode(): void {
  setTimeout(flushCompileCache, COMPILE_CACHE_DELAY_MS).unref();
}

async function invoke(handler: Handler, message: InvokeMessage): Promise<void> {
  current = message.requestId;
  setLoggedRequest(message.requestId);
  setClockOffset(message.clockOffset);
  process.env._X_AMZN_TRACE_ID = message.traceId;
  try {
    const result = await handler(JSON.parse(message.payload), contextOf(message));
    await new Promise((resolve) => setImmediate(resolve));
    const payload = stringify(result);
    tell({ kind: 'response', requestId: message.requestId, payload });
    current = undefined;
  } catch (error) {
    fail(error);
  }
}

function stringify(result: unknown): string {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? 'null';
  } catch {
    throw Object.assign(new Error('Unable to stringify response body'), { name: 'Runtime.JSONStringifyError' });
  }
}

process.on('uncaughtException', (error) => fail(error, () => process.exit(129)));
process.on('unhandledRejection', (reason) => {
  const error = Object.assign(new Error(String(reason)), { name: 'Runtime.UnhandledPromiseRejection' });
  fail(error, () => process.exit(128));
});
process.on('disconnect', () => process.exit(0));
// The channel keeps the process alive between invocations, not within one: a handler that waits for nothing ends it, as on AWS.
process.on('beforeExit', () => process.exit(0));

Object.defineProperty(process, 'send', { value: undefined });
enableCompileCache(options.compileCache);
setClockOffset(options.clockOffset);
patchDate();
guardNetwork();
confineModules(options.sandboxRoot);
patchConsole(options.logFormat);
defineGlobals();

loadHandler(root, process.env._HANDLER ?? '').then(
  (handler) => {
    process.once('message', keepCompiledCode);
    process.on('message', (message) => {
      process.channel?.unref();
      void invoke(handler, message as InvokeMessage).finally(() => process.channel?.ref());
    });
    tell({ kind: 'ready' });
  },
  (error: unknown) => fail(error, () => process.exit(1)),
);
