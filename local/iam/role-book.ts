import type { Collection, Store } from '../kernel/store.ts';
import type { Authorizer } from './authorizer.ts';
import { AWS_MANAGED_POLICIES } from './managed-policies.ts';
import type { PolicyDocument } from './principal.ts';

/** A policy with the place in a template that it comes from. */
export interface SourcedPolicy {
  readonly source: string;
  readonly document: PolicyDocument;
}

export interface RoleRecord {
  readonly name: string;
  readonly arn: string;
  readonly id: string;
  readonly path: string;
  readonly description?: string;
  /** ms since the epoch */
  readonly created: number;
  readonly maxSessionSeconds: number;
  readonly trust: PolicyDocument;
  readonly tags: Readonly<Record<string, string>>;
  /** By policy name. */
  readonly inline: Readonly<Record<string, SourcedPolicy>>;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
}

export interface ManagedPolicyRecord extends SourcedPolicy {
  readonly name: string;
  readonly arn: string;
  readonly path: string;
  readonly description?: string;
  /** Names of the roles that the policy itself asks to hang on. */
  readonly roles: readonly string[];
}

/** The roles and managed policies of an account; what is written here is what the authorizer decides by. */
export class RoleBook {
  readonly roles: Collection<RoleRecord>;
  readonly policies: Collection<ManagedPolicyRecord>;
  readonly #authorizer: Authorizer;

  constructor(store: Store, authorizer: Authorizer) {
    this.roles = store.collection('iam.roles');
    this.policies = store.collection('iam.policies');
    this.#authorizer = authorizer;
    for (const role of this.roles.values()) this.#grant(role);
  }

  put(role: RoleRecord): void {
    this.roles.set(role.name, role);
    this.#grant(role);
  }

  change(name: string, change: (role: RoleRecord) => Partial<RoleRecord>): void {
    const role = this.roles.get(name);
    if (role) this.put({ ...role, ...change(role) });
  }

  remove(name: string): void {
    const role = this.roles.get(name);
    if (!role) return;
    this.roles.delete(name);
    this.#authorizer.removeRole(role.arn);
  }

  /** Stores a managed policy and lets every role that has it follow. */
  putPolicy(policy: ManagedPolicyRecord): void {
    this.policies.set(policy.arn, policy);
    for (const role of this.roles.values()) if (role.attached.includes(policy.arn)) this.#grant(role);
  }

  #grant(role: RoleRecord): void {
    const policies = new Map<string, PolicyDocument>();
    for (const { source, document } of Object.values(role.inline)) policies.set(source, document);
    for (const arn of role.attached) {
      const own = this.policies.get(arn);
      const document = own?.document ?? AWS_MANAGED_POLICIES[arn];
      if (document) policies.set(own?.source ?? arn, document);
    }
    this.#authorizer.setRole({ roleArn: role.arn, trust: role.trust, policies, tags: role.tags });
  }
}
