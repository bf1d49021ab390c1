import type { Document, Operation } from '../../kernel/service.ts';
import type { Layers } from '../layers.ts';
import type { LambdaState } from '../state.ts';

export function layerOperations(state: LambdaState, layers: Layers): Record<string, Operation> {
  const numbered = (input: Document) =>
    state.layerArn({ name: String(input.LayerName).split(':').at(-1) ?? '', version: Number(input.VersionNumber) });
  const operation = (arnOf: (input: Document) => string): Operation => ({
    access: (input) => [{ action: 'lambda:GetLayerVersion', resource: arnOf(input) }],
    handle: async (input) => layers.describe(layers.byArn(arnOf(input))),
  });
  return {
    GetLayerVersion: operation(numbered),
    GetLayerVersionByArn: operation((input) => String(input.Arn)),
  };
}
