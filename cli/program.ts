import { Command, InvalidArgumentError, Option } from 'commander';
import about from '../package.json' with { type: 'json' };
import { EXAMPLES, OVERVIEW } from './help.ts';
import type { Session } from './session.ts';

export interface Globals {
  readonly json?: boolean;
  readonly stage?: string;
  readonly debug?: boolean;
}

export interface Host {
  /** What a verb starts from, asked for when it is called. */
  session(globals: Globals): Session;
  done(exitCode: number): void;
}

const MODEL = ['<model>', 'name of the model, as in the configuration'] as const;
const VERSION = ['<version>', 'MODEL or MODEL@VERSION: a number, a semantic version or "champion"'] as const;

/** The verbs and their options. Each verb loads its own module when it is called, so that help is instant. */
export function createProgram({ session: open, done }: Host): Command {
  const program = new Command('sluice')
    .description('Train, judge, register and serve models by uploading data: on AWS, or on this laptop.')
    .option('--json', 'print one JSON document on standard output')
    .addOption(new Option('--stage <name>', 'environment of the configuration').env('SLUICE_STAGE'))
    .option('--debug', 'show stack traces')
    .version(about.version, '--version')
    .addHelpText('after', OVERVIEW)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined, getOutHelpWidth: helpWidth, getErrHelpWidth: helpWidth })
    .exitOverride();

  const session = () => open(program.opts<Globals>());
  const verb = (name: string, description: string) => {
    const command = program.command(name).description(description);
    return command.addHelpText('after', EXAMPLES[name] ?? '');
  };

  verb('local', 'start a local cloud, deploy into it, and print where it is')
    .option('--port <number>', 'port on 127.0.0.1 (default: a free one)', portNumber)
    .option('--state <folder>', 'keep the state in this folder; a restart finds everything')
    .addOption(
      new Option('--time <mode>', 'real: a wall clock; skip: waits take no time')
        .choices(['real', 'skip'])
        .default('real'),
    )
    .action(async (options) => {
      const { local } = await import('./commands/local.ts');
      done(await local(session(), options));
    });

  verb('upload', 'upload a dataset; the pipeline starts by itself')
    .argument(...MODEL)
    .argument('<file>', 'CSV or Parquet, or a manifest (.manifest.json) of parts that are in the bucket')
    .option('--wait', 'follow the run to its outcome')
    .option('--as <name>', 'name in the bucket (default: the name of the file)')
    .action(async (model, file, options) => {
      const { upload } = await import('./commands/upload.ts');
      done(await upload(session(), model, file, options));
    });

  verb('models', 'list the deployed models and what serves').action(async () => {
    const { models } = await import('./commands/models.ts');
    done(await models(session()));
  });

  verb('runs', 'list the uploads of a model and what became of them')
    .argument(...MODEL)
    .action(async (model) => {
      const { runs } = await import('./commands/runs.ts');
      done(await runs(session(), model));
    });

  verb('versions', 'list the versions of a model')
    .argument(...MODEL)
    .action(async (model) => {
      const { versions } = await import('./commands/versions.ts');
      done(await versions(session(), model));
    });

  verb('show', 'show one version: lineage, metrics, gates, decisions')
    .argument(...VERSION)
    .action(async (reference) => {
      const { show } = await import('./commands/show.ts');
      done(await show(session(), reference));
    });

  verb('card', 'show the model card of a version')
    .argument(...VERSION)
    .option('--html <file>', 'write the page into a file')
    .action(async (reference, options) => {
      const { card } = await import('./commands/card.ts');
      done(await card(session(), reference, options));
    });

  verb('predict', 'predict rows of JSON or CSV with whatever serves')
    .argument(...MODEL)
    .argument('<file>', 'a file, or - for standard input')
    .action(async (model, file) => {
      const { predict } = await import('./commands/predict.ts');
      done(await predict(session(), model, file));
    });

  verb('rollout', 'roll a registered version out, guarded as configured')
    .argument('<version>', 'MODEL@VERSION; the champion itself is rolled out again on the deployed code')
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--reason <text>', 'why; it stands in the decision log')
    .option('--promote', 'end the rollout that goes on with a promotion')
    .option('--wait', 'follow it to its end')
    .action(async (reference, options) => {
      const { rollout } = await import('./commands/rollout.ts');
      done(await rollout(session(), reference, options));
    });

  verb('rollback', 'end a rollout, or put back what served before, at once')
    .argument(...MODEL)
    .option('--to <version>', 'an earlier champion (default: what served before, also older code)')
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .option('--reason <text>', 'why; it stands in the decision log')
    .action(async (model, options) => {
      const { rollback } = await import('./commands/rollback.ts');
      done(await rollback(session(), model, options));
    });

  verb('watch', 'watch a rollout: step, weights, requests, evidence')
    .argument(...MODEL)
    .action(async (model) => {
      const { watch } = await import('./commands/watch.ts');
      done(await watch(session(), model));
    });

  verb('truth', 'upload what really happened, by inference id; quality is judged by it')
    .argument(...MODEL)
    .argument('<file>', 'CSV or Parquet with inference_id, label and, where known, time')
    .option('--wait', 'follow it to its outcome')
    .option('--as <name>', 'name in the bucket (default: the name of the file)')
    .action(async (model, file, options) => {
      const { truth } = await import('./commands/truth.ts');
      done(await truth(session(), model, file, options));
    });

  verb('drift', 'show how far each feature stands from the training data now')
    .argument(...MODEL)
    .action(async (model) => {
      const { drift } = await import('./commands/drift.ts');
      done(await drift(session(), model));
    });

  verb('report', 'show what a window of live predictions says')
    .argument(...MODEL)
    .option('--window <id>', 'its start, as in 2026-11-23T10:00Z (default: the last one with predictions)')
    .option('--open', 'show the page in a browser')
    .option('--html <file>', 'write the page into a file')
    .action(async (model, options) => {
      const { report } = await import('./commands/report.ts');
      done(await report(session(), model, options));
    });

  verb('incidents', 'list what is or was wrong, and what was done about it')
    .argument(...MODEL)
    .argument('[incident]', 'one of them, with its whole story')
    .action(async (model, incident) => {
      const { incidents } = await import('./commands/incidents.ts');
      done(await incidents(session(), model, incident));
    });

  verb('snooze', 'silence an incident for a time; nothing is done about it by itself')
    .argument(...MODEL)
    .argument('<incident>', 'as sluice incidents lists it')
    .requiredOption('--for <duration>', "how long: 12h, 2d, '5 days'")
    .requiredOption('--why <text>', 'the reason; it stands in the decision log')
    .option('--by <name>', 'who wants it (default: the user of this machine)')
    .action(async (model, incident, options) => {
      const { snooze } = await import('./commands/snooze.ts');
      done(await snooze(session(), model, incident, options));
    });

  verb('verify', 'check the decision chain and the hash of every artifact')
    .argument(...MODEL)
    .option('--save <folder>', 'write what was checked into a folder')
    .option('--from <folder>', 'check such a folder, without any cloud')
    .action(async (model, options) => {
      const { verify } = await import('./commands/verify.ts');
      done(await verify(session(), model, options));
    });

  for (const [name, approved] of [
    ['approve', true],
    ['reject', false],
  ] as const) {
    verb(name, `${name} a version that waits for a person`)
      .argument('<version>', 'MODEL@VERSION, the version that was shown')
      .option('--reason <text>', 'why; it stands in the decision log')
      .option('--by <name>', 'who answers (default: the user of this machine)')
      .action(async (reference, options) => {
        const { answer } = await import('./commands/answer.ts');
        done(await answer(session(), reference, { ...options, approved }));
      });
  }
  return program;
}

/** As wide as the terminal, but no wider than a person reads. */
const helpWidth = () => Math.min(process.stdout.columns ?? HELP_WIDTH, HELP_WIDTH);
const HELP_WIDTH = 110;

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a number from 0 to 65535.');
}
