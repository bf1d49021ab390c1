import type { PolicyDocument } from './principal.ts';
import { listOf, type Match, statementsOf } from './statement.ts';

/** What a role was granted, and what of it was ever needed. */
export interface AccessReport {
  readonly roles: readonly RoleUsage[];
  /** Calls that were refused, each once, with how often. */
  readonly denied: readonly DeniedCall[];
  /** Roles that were used and never defined, in templates or by CreateRole: nothing decided what they may. */
  readonly undefinedRoles: readonly string[];
}

export interface RoleUsage {
  readonly roleArn: string;
  readonly statements: readonly StatementUsage[];
}

export interface StatementUsage {
  /** `<stack>/<logical id>` of the policy (`…/<name>` for one that is inline in a role). */
  readonly policy: string;
  readonly index: number;
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  /** How often it spoke about a call. */
  readonly uses: number;
  /** How often a call would have been refused (or, for a Deny, allowed) without it. */
  readonly needed: number;
  readonly actions: readonly PatternUsage[];
  readonly resources: readonly PatternUsage[];
}

export interface PatternUsage {
  readonly pattern: string;
  readonly uses: number;
}

export interface DeniedCall {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
  readonly times: number;
}

interface Tally {
  uses: number;
  needed: number;
  readonly actions: Map<string, number>;
  readonly resources: Map<string, number>;
}

/** Counts how often the statements of one policy of one role were used. */
export class PolicyUsage {
  readonly document: PolicyDocument;
  readonly #tallies: Tally[];

  constructor(document: PolicyDocument) {
    this.document = document;
    this.#tallies = statementsOf(document).map((statement) => ({
      uses: 0,
      needed: 0,
      actions: new Map(listOf(statement.Action).map((pattern) => [pattern, 0])),
      resources: new Map(listOf(statement.Resource).map((pattern) => [pattern, 0])),
    }));
  }

  count(match: Match, options: { needed: boolean }): void {
    const tally = this.#tallies[match.index];
    if (!tally) return;
    tally.uses++;
    if (options.needed) tally.needed++;
    increment(tally.actions, match.actionPattern);
    increment(tally.resources, match.resourcePattern);
  }

  report(policy: string): StatementUsage[] {
    return statementsOf(this.document).map((statement, index) => {
      const { uses = 0, needed = 0, actions = new Map(), resources = new Map() } = this.#tallies[index] ?? {};
      return {
        policy,
        index,
        ...(statement.Sid ? { sid: statement.Sid } : {}),
        effect: statement.Effect,
        uses,
        needed,
        actions: patterns(actions),
        resources: patterns(resources),
      };
    });
  }
}

function increment(counts: Map<string, number>, pattern: string | undefined): void {
  if (pattern !== undefined) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
}

function patterns(counts: ReadonlyMap<string, number>): PatternUsage[] {
  return [...counts].map(([pattern, uses]) => ({ pattern, uses }));
}
