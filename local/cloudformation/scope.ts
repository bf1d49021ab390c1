import { Unsupported } from '../kernel/errors.ts';
import { holds, invalid, type Scope } from './intrinsics.ts';
import type { Template } from './template.ts';

/** What a resource that stands gives to those that refer to it. */
export interface Provisioned {
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ScopeOptions {
  readonly template: Template;
  /** Parameters and pseudo parameters. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Filled while the deployment goes on. */
  readonly resources: ReadonlyMap<string, Provisioned>;
  readonly exports: ReadonlyMap<string, { readonly value: string }>;
  /** Told the name of every export that is used. */
  onImport?(name: string): void;
}

export function templateScope(options: ScopeOptions): Scope {
  const { template, values, resources, exports } = options;
  const decided = new Map<string, boolean>();

  const provisioned = (logicalId: string): Provisioned => {
    const resource = resources.get(logicalId);
    if (resource) return resource;
    throw invalid(`Template error: unresolved reference to ${logicalId}: it is not part of this deployment`);
  };
  const scope: Scope = {
    ref: (name) => (values.has(name) ? values.get(name) : provisioned(name).physicalId),
    attribute(logicalId, attribute) {
      const value = provisioned(logicalId).attributes[attribute];
      if (value !== undefined) return value;
      const type = template.Resources[logicalId]?.Type;
      throw new Unsupported(`the attribute ${attribute} of ${type} (${logicalId})`);
    },
    condition(name) {
      const known = decided.get(name);
      if (known !== undefined) return known;
      const result = holds(template.Conditions?.[name], scope);
      decided.set(name, result);
      return result;
    },
    mapping(map, top, second) {
      const value = template.Mappings?.[map]?.[top]?.[second];
      if (value !== undefined) return value;
      throw invalid(`Template error: Unable to get mapping for ${map}::${top}::${second}`);
    },
    exported(name) {
      const found = exports.get(name);
      if (!found) throw invalid(`No export named ${name} found.`);
      options.onImport?.(name);
      return found.value;
    },
  };
  return scope;
}
