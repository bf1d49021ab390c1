import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MIB = 1024 ** 2;

/**
 * Memory of a process that cannot be given back (no mapped files: the sandbox's limit is met by dropping those), in bytes;
 * 0 when it is gone.
 */
export function memoryOf(pid: number): Promise<number> {
  return process.platform === 'linux' ? Promise.resolve(fromProc(pid)) : fromPs(pid);
}

function fromProc(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
    return (kilobytes('RssAnon') + kilobytes('RssShmem')) * 1024;
  } catch {
    return 0;
  }
}

function fromPs(pid: number): Promise<number> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (_error, stdout) => resolve(Number(stdout.trim() || 0) * 1024));
  });
}

/** Looks at a process's memory until it is told to stop; the answer says so. `onSeen` gets what it uses, in MB. */
export function watchMemory(pid: number, onSeen: (megabytes: number) => void): () => void {
  const look = async () => onSeen(Math.ceil((await memoryOf(pid)) / MIB));
  const interval = setInterval(look, process.platform === 'linux' ? 25 : 500);
  interval.unref();
  void look();
  return () => clearInterval(interval);
}
