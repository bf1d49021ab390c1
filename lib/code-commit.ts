import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The commit of this repository, with `-dirty` where files differ from it; `unknown` outside of git. */
export function codeCommit(): string {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  try {
    const text = execFileSync('git', ['describe', '--always', '--abbrev=40', '--dirty', '--exclude', '*'], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.trim();
  } catch {
    process.stderr.write('Not a git checkout: versions will be registered with code commit "unknown".\n');
    return 'unknown';
  }
}
