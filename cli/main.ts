import { CommanderError } from 'commander';
import { failureOf } from './failure.ts';
import { CliError, consoleIo, type Io } from './io.ts';
import { createProgram, type Globals } from './program.ts';

/** Runs the CLI and gives its exit code; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  let io: Io | undefined;
  const program = createProgram({
    session({ json = false, stage }) {
      io = consoleIo({ json });
      return { io, stage };
    },
    done(code) {
      exitCode = code;
    },
  });
  // The aws CLI takes either, the SDK the first one only.
  const { AWS_DEFAULT_REGION } = process.env;
  if (AWS_DEFAULT_REGION) process.env.AWS_REGION ??= AWS_DEFAULT_REGION;
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    io?.idle();
    if (error instanceof CommanderError && SHOWN.has(error.code)) return error.exitCode === 0 ? 0 : 2;
    const verbs = program.commands.map((command) => command.name());
    const { json = argv.includes('--json'), debug = false } = program.opts<Globals>();
    return report(error instanceof CommanderError ? usageError(error, argv, verbs) : error, { json, debug });
  }
}

/** What was printed when it was asked for, and is no mistake. `commander.help` is help that nobody asked for: no verb was named. */
const SHOWN: ReadonlySet<string> = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version']);

function usageError({ message }: CommanderError, argv: readonly string[], verbs: readonly string[]): Error {
  const verb = argv.find((word) => verbs.includes(word));
  const hint = `See npx sluice ${verb === undefined ? '' : `${verb} `}--help`;
  return new CliError(2, message.replace(/^error: /, ''), { hint });
}

function report(error: unknown, { json, debug }: { json: boolean; debug: boolean }): number {
  const { exitCode, message, hint, details } = failureOf(error);
  const stack = debug ? (error as Error).stack : undefined;
  process.stderr.write(`sluice: ${stack ?? message}\n${hint === undefined ? '' : `${hint}\n`}`);
  if (json) process.stdout.write(`${JSON.stringify({ error: { ...details, message, hint, exitCode } })}\n`);
  return exitCode;
}
