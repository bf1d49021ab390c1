import Module from 'node:module';
import { sep } from 'node:path';

interface ModuleInternals {
  _nodeModulePaths(from: string): string[];
}

/**
 * Ends the search for packages at the sandbox: Node would go on in every folder above, up to the node_modules of a project that
 * keeps the cloud's state inside it, and a dependency that was not bundled would be missed on AWS only.
 */
export function confineModules(root: string): void {
  const internals = Module as unknown as ModuleInternals;
  const inside = (path: string) => path.startsWith(`${root}${sep}`);
  const search = internals._nodeModulePaths;
  internals._nodeModulePaths = (from) => {
    const paths = search(from);
    return inside(from) ? paths.filter(inside) : paths;
  };
}
