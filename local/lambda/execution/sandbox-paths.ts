import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HOST_MODULES = join(import.meta.dirname, '../../../node_modules');
/** What Lambda's Node runtime has built in: bundles may leave these out. */
const RUNTIME_SCOPES = ['@aws-sdk', '@smithy', '@aws'];

/**
 * A folder that stands for /var/runtime/node_modules: the AWS SDK that Lambda ships, as links to the host's.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-sdk-included
 */
export function linkRuntimeModules(folder: string): string {
  return linked(folder, RUNTIME_SCOPES);
}

/**
 * A folder with the packages of the host that npm marks as made for one platform (`os` and `cpu` in their manifest). A layer
 * holds the native parts for Lambda's platform; where the host is another, these take their place, and nothing else does.
 */
export function linkNativeModules(folder: string): string {
  return linked(folder, packagesOf(HOST_MODULES).filter(isForThisPlatform));
}

function linked(folder: string, names: readonly string[]): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const source = join(HOST_MODULES, name);
    if (!existsSync(source)) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    symlinkSync(source, join(folder, name));
  }
  return folder;
}

function packagesOf(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(root, name)).map((inner) => `${name}/${inner}`) : [name],
  );
}

function isForThisPlatform(name: string): boolean {
  const manifest = join(HOST_MODULES, name, 'package.json');
  if (!existsSync(manifest)) return false;
  const { os, cpu } = JSON.parse(readFileSync(manifest, 'utf8')) as { os?: string[]; cpu?: string[] };
  return os?.includes(process.platform) === true && cpu?.includes(process.arch) === true;
}
