import type { Document, Operation } from '../../kernel/service.ts';
import type { Aliases, AliasInput } from '../aliases.ts';
import { type LambdaState, parseReference, referenceOf } from '../state.ts';
import { page, textOf } from './input.ts';

export function aliasOperations(state: LambdaState, aliases: Aliases): Record<string, Operation> {
  const access = (action: string) => (input: Document) => [
    { action: `lambda:${action}`, resource: state.arn(referenceOf(input).name) },
  ];
  return {
    CreateAlias: {
      access: access('CreateAlias'),
      async handle(input) {
        return aliases.describe(aliases.create(referenceOf(input).name, String(input.Name ?? ''), aliasInput(input)));
      },
    },
    UpdateAlias: {
      access: access('UpdateAlias'),
      async handle(input) {
        const change = { ...aliasInput(input), revisionId: textOf(input.RevisionId) };
        return aliases.describe(aliases.update(referenceOf(input).name, String(input.Name), change));
      },
    },
    GetAlias: {
      access: access('GetAlias'),
      async handle(input) {
        const { name } = referenceOf(input);
        state.function(name);
        return aliases.describe(state.alias(name, String(input.Name)));
      },
    },
    ListAliases: {
      access: access('ListAliases'),
      async handle(input) {
        const { name } = referenceOf(input);
        state.function(name);
        const version = textOf(input.FunctionVersion);
        const own = state.aliasesOf(name).filter((alias) => version === undefined || alias.version === version);
        const { items, NextMarker } = page(own, input);
        return { Aliases: items.map((alias) => aliases.describe(alias)), NextMarker };
      },
    },
    DeleteAlias: {
      access: access('DeleteAlias'),
      async handle(input) {
        aliases.delete(parseReference(input.FunctionName).name, String(input.Name));
        return {};
      },
    },
  };
}

/** The settings of an alias, as a call or a template has them. */
export function aliasInput(input: Document): AliasInput {
  return {
    functionVersion: textOf(input.FunctionVersion),
    description: textOf(input.Description),
    routing: input.RoutingConfig as AliasInput['routing'],
  };
}
