import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Whether the `aws` command is installed: it is no dependency of the project. */
export function hasAwsCli(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Runs the `aws` command against an endpoint, without waiting for the clock: gives what it printed. */
export function awsCli(endpoint: string) {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    AWS_ENDPOINT_URL: endpoint,
  };
  return async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('aws', [...args, '--output', 'json'], { env });
    return stdout;
  };
}
