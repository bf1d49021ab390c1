import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { main } from '../../cli/main.ts';

export const BIN = fileURLToPath(new URL('../../bin/sluice.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, and gives what it printed. */
export async function sluice(...argv: string[]): Promise<Ran> {
  const printed = { out: '', err: '' };
  const into = (name: keyof typeof printed) => (chunk: string | Uint8Array) => {
    printed[name] += String(chunk);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(into('out')),
    vi.spyOn(process.stderr, 'write').mockImplementation(into('err')),
  ];
  try {
    return { code: await main(argv), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** Runs a command with `--json` in this process, and gives its one document. */
export async function sluiceJson(...argv: string[]): Promise<{ code: number | null; value: Record<string, unknown> }> {
  const { code, out } = await sluice(...argv, '--json');
  return { code, value: JSON.parse(out) as Record<string, unknown> };
}

export interface Child {
  readonly pid: number;
  /** The lines of standard output so far. */
  readonly lines: readonly string[];
  readonly err: () => string;
  /** The first line of standard output; null when it ended without one. */
  readonly firstLine: Promise<string | null>;
  readonly ended: Promise<number | null>;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the CLI as a process of its own, the leader of its process group. */
export function startSluice(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
  const child = spawn(process.execPath, [BIN, ...argv], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const line = once(reader, 'line').then(([text]) => text as string);
  return {
    pid: child.pid ?? 0,
    lines,
    err: () => err,
    firstLine: Promise.race([line, ended.then(() => lines[0] ?? null)]),
    ended,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** The processes that a process has started, and those that they have. */
export function descendants(pid: number): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter(({ ppid }) => ppid === parent).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

/** Those of the processes that are left. One that has ended and that nobody has asked about is not. */
export const alive = (pids: readonly number[]): number[] =>
  processes().flatMap(({ pid, state }) => (pids.includes(pid) && !state.startsWith('Z') ? [pid] : []));

function processes() {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [pid, ppid, state = ''] = line.trim().split(/\s+/);
    return { pid: Number(pid), ppid: Number(ppid), state };
  });
}

/** Runs the CLI as a process of its own to its end, with something on its standard input. */
export async function runSluice(argv: readonly string[], input = ''): Promise<Ran> {
  // A build server says CI; what goes into a pipe has no colours there either.
  const env = { ...process.env, CI: '1', NO_COLOR: undefined, FORCE_COLOR: undefined };
  const child = spawn(process.execPath, [BIN, ...argv], { stdio: 'pipe', env });
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    printed.out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    printed.err += chunk.toString('utf8');
  });
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...printed };
}
