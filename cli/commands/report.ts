import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { plainLine } from '../../domain/wording.ts';
import { CliError, coloured, shortTime } from '../io.ts';
import { readArtifact, reportOf, windowOf } from '../last-window.ts';
import { openModel, type Session } from '../session.ts';

export interface ReportOptions {
  readonly window?: string;
  /** Shows the page in a browser. */
  readonly open?: boolean;
  /** Writes the page into this file. */
  readonly html?: string;
}

/** `sluice report MODEL [--window ID] [--open]`: what one window of live predictions says, by default the last one with any. */
export async function report(session: Session, name: string, options: ReportOptions): Promise<number> {
  const { io } = session;
  const opened = await openModel(session, name);
  const window = await windowOf(opened, options.window, ({ pageKey }) => pageKey !== null);
  if (options.open || options.html !== undefined) {
    if (window.pageKey === null) throw new CliError(3, `Window ${window.id} has no page: ${whatCame(window)}`);
    const page = await readArtifact(opened, window.pageKey);
    const file = options.html ?? (await temporary(`${name}-${window.id.replaceAll(':', '')}.html`));
    await writeFile(file, page);
    const shown = options.open ? await show(file) : false;
    io.result({ model: name, window: window.id, file }, () => (shown ? `opened ${file}` : `wrote ${file}`));
    return 0;
  }
  const content = await reportOf(opened, window);
  io.result(content ?? window, () => {
    const { status, sentence, from, to } = window;
    const page = window.pageKey === null ? [] : [`s3://${opened.environment.artifactBucket}/${window.pageKey}`];
    const fired = (content?.fired ?? []).map(({ what, why }) => `  ${plainLine(what)}: ${plainLine(why)}`);
    const title = `${name}, ${shortTime(from)} to ${shortTime(to)} UTC  ${coloured(status)}`;
    return [title, plainLine(sentence || whatCame(window)), ...fired, ...page].join('\n');
  });
  return 0;
}

const whatCame = ({ status }: WindowItem) =>
  status === 'RUNNING'
    ? 'it is being looked at'
    : status === 'FAILED'
      ? 'it could not be looked at'
      : 'nothing was captured in it';

const temporary = async (name: string) => join(await mkdtemp(join(tmpdir(), 'sluice-')), name);

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Whether something took the page to show it; a machine without a browser leaves it at the file. */
async function show(file: string): Promise<boolean> {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, file], { stdio: 'ignore', detached: true });
  child.unref();
  return Promise.race([once(child, 'spawn').then(() => true), once(child, 'error').then(() => false)]).catch(
    () => false,
  );
}
