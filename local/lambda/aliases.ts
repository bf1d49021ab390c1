import { randomUUID } from 'node:crypto';
import type { Document } from '../kernel/service.ts';
import { lambdaError } from './errors.ts';
import { type AliasRecord, keyOf, type LambdaState } from './state.ts';

export interface AliasInput {
  readonly functionVersion?: string;
  readonly description?: string;
  readonly routing?: { readonly AdditionalVersionWeights?: Readonly<Record<string, number>> };
}

/** Names for versions, and how calls are split between two. */
export class Aliases {
  readonly #state: LambdaState;

  constructor(state: LambdaState) {
    this.#state = state;
  }

  create(functionName: string, name: string, input: AliasInput): AliasRecord {
    this.#state.function(functionName);
    if (!/^(?![0-9]+$)[A-Za-z0-9_-]{1,128}$/.test(name)) {
      throw lambdaError.validation(
        `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint`,
      );
    }
    if (this.#state.aliases.has(keyOf(functionName, name))) {
      throw lambdaError.conflict(`Alias already exists: ${this.#state.arn(functionName, name)}`);
    }
    if (!input.functionVersion) throw lambdaError.invalid('FunctionVersion is required');
    return this.#save({
      functionName,
      name,
      ...this.#routing(functionName, input.functionVersion, input, {}),
      description: input.description ?? '',
    });
  }

  /** Changes what is given and leaves the rest; a `revisionId` that is not the alias's own refuses. */
  update(functionName: string, name: string, input: AliasInput & { revisionId?: string }): AliasRecord {
    this.#state.function(functionName);
    const known = this.#state.alias(functionName, name);
    if (input.revisionId !== undefined && input.revisionId !== known.revisionId) throw lambdaError.precondition();
    const routing = this.#routing(functionName, input.functionVersion ?? known.version, input, known.weights);
    return this.#save({ functionName, name, ...routing, description: input.description ?? known.description });
  }

  delete(functionName: string, name: string): void {
    this.#state.function(functionName);
    const key = keyOf(functionName, name);
    for (const collection of [this.#state.aliases, this.#state.policies, this.#state.urls, this.#state.eventInvokes]) {
      collection.delete(key);
    }
  }

  describe(alias: AliasRecord): Document {
    const weighted = Object.keys(alias.weights).length > 0;
    return {
      AliasArn: this.#state.arn(alias.functionName, alias.name),
      Name: alias.name,
      FunctionVersion: alias.version,
      Description: alias.description,
      RevisionId: alias.revisionId,
      ...(weighted ? { RoutingConfig: { AdditionalVersionWeights: alias.weights } } : {}),
    };
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html */
  #routing(functionName: string, version: string, { routing }: AliasInput, previous: Readonly<Record<string, number>>) {
    this.#state.version(functionName, version);
    const weights = routing ? (routing.AdditionalVersionWeights ?? {}) : previous;
    const additional = Object.entries(weights);
    if (additional.length > 1)
      throw lambdaError.invalid('Number of items in AdditionalVersionWeights cannot be greater than 1');
    for (const [other, weight] of additional) {
      if (typeof weight !== 'number' || !(weight >= 0 && weight <= 1)) {
        throw lambdaError.validation(
          `1 validation error detected: Value '${String(weight)}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Member must have value between 0.0 and 1.0`,
        );
      }
      if (version === '$LATEST' || other === '$LATEST') {
        throw lambdaError.invalid('$LATEST is not supported for an alias pointing to more than 1 version');
      }
      if (other === version)
        throw lambdaError.invalid(
          `Invalid function version ${other}. Function version ${other} is already included in routing configuration.`,
        );
      this.#state.version(functionName, other);
    }
    return { version, weights };
  }

  #save(alias: Omit<AliasRecord, 'revisionId'>): AliasRecord {
    const saved = { ...alias, revisionId: randomUUID() };
    this.#state.aliases.set(keyOf(alias.functionName, alias.name), saved);
    return saved;
  }
}
