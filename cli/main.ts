import { Command, InvalidArgumentError, Option } from 'commander';
import { answer } from './commands/answer.ts';
import { card } from './commands/card.ts';
import { local } from './commands/local.ts';
import { models } from './commands/models.ts';
import { predict } from './commands/predict.ts';
import { rollback } from './commands/rollback.ts';
import { rollout } from './commands/rollout.ts';
import { runs } from './commands/runs.ts';
import { show } from './commands/show.ts';
import { upload } from './commands/upload.ts';
import { verify } from './commands/verify.ts';
import { versions } from './commands/versions.ts';
import { watch } from './commands/watch.ts';
import { CliError, consoleIo } from './io.ts';
import type { Session } from './session.ts';

interface Globals {
  readonly json?: boolean;
  readonly stage?: string;
  readonly debug?: boolean;
}

const EXIT_CODES = `
Exit codes: 0 done; 1 our fault; 2 usage; 3 ran, and the answer is no (for example: rejected by a gate, quarantined).
It talks to whatever the AWS environment names: AWS_ENDPOINT_URL of a local cloud, or a real account.`;

const VERSION_HELP = 'MODEL or MODEL@VERSION; a version is a number, a semantic version or "champion"';

/** Runs the CLI and gives its exit code; never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, program.opts<Globals>());
  }
}

function createProgram(done: (exitCode: number) => void): Command {
  const program = new Command('sluice')
    .description('Train, judge, register and serve models by uploading data: on AWS, or on this laptop.')
    .option('--json', 'print one JSON document on standard output')
    .addOption(new Option('--stage <name>', 'environment of sluice.config.ts').env('SLUICE_STAGE'))
    .option('--debug', 'show stack traces')
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError('(sluice --help shows all commands)')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();

  const session = (): Session => {
    const { json = false, stage } = program.opts<Globals>();
    return { io: consoleIo({ json }), stage };
  };

  program
    .command('local')
    .description('start a local cloud, deploy into it, and print where it is')
    .option('--port <number>', 'port on 127.0.0.1 (default: a free one)', portNumber)
    .option('--state <folder>', 'keep the state in this folder; a restart finds everything')
    .addOption(
      new Option('--time <mode>', 'real: a wall clock; skip: waits take no time')
        .choices(['real', 'skip'])
        .default('real'),
    )
    .action(async (options) => done(await local(session(), options)));

  program
    .command('upload')
    .description('upload a dataset (CSV or Parquet); the pipeline starts by itself')
    .argument('<model>')
    .argument('<file>')
    .option('--wait', 'follow the run to its outcome')
    .option('--as <name>', 'name in the bucket (default: the name of the file)')
    .action(async (model, file, options) => done(await upload(session(), model, file, options)));

  program
    .command('models')
    .description('list the deployed models and what serves')
    .action(async () => done(await models(session())));

  program
    .command('runs')
    .description('list the uploads of a model and what became of them')
    .argument('<model>')
    .action(async (model) => done(await runs(session(), model)));

  program
    .command('versions')
    .description('list the versions of a model')
    .argument('<model>')
    .action(async (model) => done(await versions(session(), model)));

  program
    .command('show')
    .description('show one version: lineage, metrics, gates, decisions')
    .argument('<version>', VERSION_HELP)
    .action(async (reference) => done(await show(session(), reference)));

  program
    .command('card')
    .description('show the model card of a version')
    .argument('<version>', VERSION_HELP)
    .option('--html <file>', 'write the page into a file')
    .action(async (reference, options) => done(await card(session(), reference, options)));

  program
    .command('rollout')
    .description('roll a registered version out, guarded as configured')
    .argument('<version>', 'MODEL@VERSION; the champion itself is rolled out again on the deployed code')
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--reason <text>', 'why')
    .option('--promote', 'end the rollout that goes on now, with a promotion')
    .option('--wait', 'follow it to its end')
    .action(async (reference, options) => done(await rollout(session(), reference, options)));

  program
    .command('rollback')
    .description('end a rollout, or put the previous champion back, at once')
    .argument('<model>')
    .option('--to <version>', 'an earlier champion (default: the previous one)')
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--reason <text>', 'why')
    .action(async (model, options) => done(await rollback(session(), model, options)));

  program
    .command('watch')
    .description('watch the rollout of a model: step, weights, requests, evidence')
    .argument('<model>')
    .action(async (model) => done(await watch(session(), model)));

  program
    .command('predict')
    .description('predict rows of JSON or CSV with whatever serves')
    .argument('<model>')
    .argument('<file>', 'a file, or - for standard input')
    .action(async (model, file) => done(await predict(session(), model, file)));

  program
    .command('verify')
    .description('check the decision chain and the hash of every artifact')
    .argument('<model>')
    .option('--save <folder>', 'write what was checked into a folder')
    .option('--from <folder>', 'check such a folder, without any cloud')
    .action(async (model, options) => done(await verify(session(), model, options)));

  for (const [verb, approved] of [
    ['approve', true],
    ['reject', false],
  ] as const) {
    program
      .command(verb)
      .description(`${verb} a version that waits for a person`)
      .argument('<version>', 'MODEL@VERSION, the version that was shown')
      .option('--reason <text>', 'why; it stands in the decision log')
      .option('--by <name>', 'who answers (default: the user of this machine)')
      .action(async (reference, options) => done(await answer(session(), reference, { ...options, approved })));
  }
  return program;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('expected a number from 0 to 65535');
}

/** Errors that AWS clients give when nothing is there to talk to. */
const UNREACHABLE = /ECONNREFUSED|ENOTFOUND|CredentialsProviderError|Could not load credentials|Region is missing/;

function report(error: unknown, { debug = false }: Globals): number {
  const { code, exitCode, message, stack } = error as Error & { code?: string; exitCode?: number };
  if (code?.startsWith('commander.')) return exitCode === 0 ? 0 : 2;
  const text = debug && stack ? stack : message || String(error);
  process.stderr.write(`sluice: ${text}\n`);
  const hint = error instanceof CliError ? error.hint : unreachableHint(`${(error as Error).name} ${code} ${message}`);
  if (hint) process.stderr.write(`${hint}\n`);
  return error instanceof CliError ? error.exitCode : 1;
}

const unreachableHint = (text: string) =>
  UNREACHABLE.test(text)
    ? 'Is the AWS environment set? For a local cloud: npx sluice local, then set the exports that it prints.'
    : undefined;
