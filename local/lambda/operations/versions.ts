import type { Operation } from '../../kernel/service.ts';
import { describeVersion } from '../describe-version.ts';
import type { Functions } from '../functions.ts';
import { referenceOf } from '../state.ts';
import { page, textOf } from './input.ts';

export function versionOperations(functions: Functions): Record<string, Operation> {
  const { state } = functions;
  return {
    PublishVersion: {
      access: (input) => [{ action: 'lambda:PublishVersion', resource: state.arn(referenceOf(input).name) }],
      async handle(input) {
        const { name } = referenceOf(input);
        const options = {
          codeSha256: textOf(input.CodeSha256),
          revisionId: textOf(input.RevisionId),
          description: textOf(input.Description),
        };
        return describeVersion(state, functions.publish(name, options).version);
      },
    },
    ListVersionsByFunction: {
      access: (input) => [{ action: 'lambda:ListVersionsByFunction', resource: state.arn(referenceOf(input).name) }],
      async handle(input) {
        const { name } = referenceOf(input);
        state.function(name);
        const { items, NextMarker } = page(state.versionsOf(name), input);
        const described = items.map((version) => describeVersion(state, version, { qualifier: version.version }));
        return { Versions: described, NextMarker };
      },
    },
  };
}
