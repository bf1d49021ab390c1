import { format } from 'node:util';

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html */
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
type Level = (typeof LEVELS)[number];

const METHODS: Readonly<Record<string, Level>> = {
  trace: 'TRACE',
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
};

let requestId: string | undefined;

export function setLoggedRequest(id: string): void {
  requestId = id;
}

/** Gives `console` the line format of Lambda's runtime. What is written to stdout directly stays as it is. */
export function patchConsole(logFormat: 'Text' | 'JSON'): void {
  const lowest = logFormat === 'JSON' ? LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE') as Level) : 0;
  for (const [method, level] of Object.entries(METHODS)) {
    Object.assign(console, {
      [method]: (...parameters: unknown[]) => {
        if (LEVELS.indexOf(level) >= lowest)
          write(logFormat === 'JSON' ? json(level, parameters) : text(level, parameters));
      },
    });
  }
}

function text(level: Level, parameters: readonly unknown[]): string {
  return [new Date().toISOString(), requestId ?? 'undefined', level, format(...parameters)].join('\t');
}

function json(level: Level, parameters: readonly unknown[]): string {
  const entry = { timestamp: new Date().toISOString(), level, requestId };
  const [only] = parameters;
  const error = parameters.find((parameter) => parameter instanceof Error);
  try {
    if (parameters.length === 1) return JSON.stringify({ ...entry, message: error ? describeError(error) : only });
  } catch {
    // Circular, or a BigInt: the text of it serves as well.
  }
  return JSON.stringify({ ...entry, message: format(...parameters), ...(error ? describeError(error) : {}) });
}

function describeError(error: Error) {
  return { errorType: error.name, errorMessage: error.message, stackTrace: error.stack?.split('\n') ?? [] };
}

/** One call is one log event, whatever line breaks it holds: a carriage return stands for them until they arrive. */
function write(line: string): void {
  process.stdout.write(`${line.replaceAll('\n', '\r')}\n`);
}
