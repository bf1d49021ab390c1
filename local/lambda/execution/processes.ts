/** Process groups that must not outlive this process, whatever ends it. */
const groups = new Set<number>();

export function guardGroup(pid: number): void {
  if (groups.size === 0) process.once('exit', killAll);
  groups.add(pid);
}

/** Kills a function's process and everything that it started. */
export function killGroup(pid: number): void {
  groups.delete(pid);
  if (groups.size === 0) process.off('exit', killAll);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function killAll(): void {
  for (const pid of [...groups]) killGroup(pid);
}
