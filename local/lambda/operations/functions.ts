import { Unsupported } from '../../kernel/errors.ts';
import type { Call, Document, Operation } from '../../kernel/service.ts';
import { codeFrom } from '../code-source.ts';
import { CONFIGURABLE } from '../configuration.ts';
import { describeVersion } from '../describe-version.ts';
import { lambdaError } from '../errors.ts';
import type { Functions } from '../functions.ts';
import { referenceOf } from '../state.ts';
import { page, textOf } from './input.ts';

export function functionOperations(functions: Functions): Record<string, Operation> {
  const { state, codes } = functions;
  const access = (action: string) => (input: Document) => {
    const { name, qualifier } = referenceOf(input);
    state.resolve(name, qualifier);
    return [
      { action: `lambda:${action}`, resource: state.arn(name, qualifier), policy: state.policy(name, qualifier) },
    ];
  };
  /** Settings need the right to read the layers that they name. */
  const configure = (action: string) => (input: Document) => {
    const layers = (input.Layers as string[] | undefined) ?? [];
    const resource = state.arn(referenceOf(input).name);
    return [
      { action: `lambda:${action}`, resource },
      ...(input.Role === undefined
        ? []
        : [
            {
              action: 'iam:PassRole',
              resource: String(input.Role),
              context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
            },
          ]),
      ...layers.map((arn) => ({ action: 'lambda:GetLayerVersion', resource: arn })),
    ];
  };
  const code = (input: Document, call: Call) => codeFrom(state.context, codes, input, call);
  const tagsOf = (name: string) => {
    const { tags } = state.function(name);
    return Object.keys(tags).length > 0 ? { Tags: tags } : {};
  };

  return {
    CreateFunction: {
      access: configure('CreateFunction'),
      async handle(input, call) {
        refuseOthers('CreateFunction', input, [
          'FunctionName',
          'Code',
          'Publish',
          'Tags',
          'PackageType',
          ...CONFIGURABLE,
        ]);
        const { name } = referenceOf(input);
        const snapshot = await code((input.Code ?? {}) as Document, call);
        const latest = functions.create(name, input, snapshot, (input.Tags ?? {}) as Record<string, string>);
        return describeVersion(state, input.Publish === true ? functions.publish(name).version : latest);
      },
    },
    GetFunction: {
      access: access('GetFunction'),
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        const { version } = state.resolve(name, qualifier);
        const { reservedConcurrency } = state.function(name);
        return {
          Configuration: describeVersion(state, version, { qualifier }),
          Code: { RepositoryType: 'S3', Location: `file://${codes.folder(version.code)}` },
          ...tagsOf(name),
          ...(reservedConcurrency === undefined
            ? {}
            : { Concurrency: { ReservedConcurrentExecutions: reservedConcurrency } }),
        };
      },
    },
    GetFunctionConfiguration: {
      access: access('GetFunctionConfiguration'),
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        return describeVersion(state, state.resolve(name, qualifier).version, { qualifier });
      },
    },
    ListFunctions: {
      access: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
      async handle(input) {
        const names = [...state.functions.keys()].sort();
        const all = input.FunctionVersion === 'ALL';
        const versions = names.flatMap((name) => (all ? state.versionsOf(name) : [state.latest(name)]));
        const { items, NextMarker } = page(versions, input);
        return {
          Functions: items.map((version) =>
            describeVersion(state, version, { qualifier: all ? version.version : undefined }),
          ),
          NextMarker,
        };
      },
    },
    UpdateFunctionConfiguration: {
      access: configure('UpdateFunctionConfiguration'),
      async handle(input) {
        refuseOthers('UpdateFunctionConfiguration', input, ['FunctionName', 'RevisionId', ...CONFIGURABLE]);
        const { name } = referenceOf(input);
        return describeVersion(
          state,
          functions.updateConfiguration(name, input, { revisionId: textOf(input.RevisionId) }),
        );
      },
    },
    UpdateFunctionCode: {
      access: (input) => [{ action: 'lambda:UpdateFunctionCode', resource: state.arn(referenceOf(input).name) }],
      async handle(input, call) {
        const { FunctionName, RevisionId, Publish, Architectures, DryRun, ...source } = input;
        const { name } = referenceOf({ FunctionName });
        if (DryRun === true) throw new Unsupported('DryRun of lambda:UpdateFunctionCode');
        const architectures = Architectures as string[] | undefined;
        const immediate = Publish === true;
        const latest = functions.updateCode(name, await code(source, call), architectures, {
          revisionId: textOf(RevisionId),
          immediate,
        });
        return describeVersion(state, immediate ? functions.publish(name).version : latest);
      },
    },
    DeleteFunction: {
      access: (input) => {
        const { name, qualifier } = referenceOf(input);
        return [{ action: 'lambda:DeleteFunction', resource: state.arn(name, qualifier) }];
      },
      async handle(input) {
        const { name, qualifier } = referenceOf(input);
        if (qualifier === undefined) functions.delete(name);
        else if (/^(\d+|\$LATEST)$/.test(qualifier)) functions.deleteVersion(name, qualifier);
        else throw lambdaError.invalid('Cannot delete an alias with DeleteFunction: use DeleteAlias.');
        return {};
      },
    },
  };
}

function refuseOthers(action: string, input: Document, known: readonly string[]): void {
  const [other] = Object.keys(input).filter((key) => input[key] !== undefined && !known.includes(key));
  if (other) throw new Unsupported(`the parameter ${other} of lambda:${action}`);
}
