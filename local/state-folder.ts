import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskStore, memoryStore, type Store } from './kernel/store.ts';

/** Where a cloud keeps its state, and what to do when it stops. */
export interface StateFolder {
  readonly store: Store;
  /** Removes what was temporary, and the lock. */
  release(): void;
}

/** State in memory, its bulk data in a temporary folder. */
export function temporaryState(): StateFolder {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-local-'));
  return { store: memoryStore(scratch), release: () => rmSync(scratch, { recursive: true, force: true }) };
}

/** State in a folder that one cloud at a time may use. The lock of a process that no longer lives is taken over. */
export function lockedState(folder: string): StateFolder {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, 'lock');
  if (!tryLock(lock)) {
    const owner = Number(readFileSync(lock, 'utf8'));
    if (isAlive(owner)) {
      throw new Error(`The state folder ${folder} is in use by process ${owner}; stop it, or name another folder`);
    }
    rmSync(lock, { force: true });
    if (!tryLock(lock)) throw new Error(`The state folder ${folder} was locked by another process just now`);
  }
  return { store: diskStore(folder), release: () => rmSync(lock, { force: true }) };
}

function tryLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A process of another user counts: signalling it fails, but not for want of it. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
