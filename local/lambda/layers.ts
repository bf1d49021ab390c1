import type { Document } from '../kernel/service.ts';
import type { CodeStore } from './code-store.ts';
import { lambdaError } from './errors.ts';
import type { CodeSnapshot, LambdaState, LayerRecord } from './state.ts';

/** Code that several functions share, in numbered versions. */
export class Layers {
  readonly #state: LambdaState;
  readonly #codes: CodeStore;

  constructor(state: LambdaState, codes: CodeStore) {
    this.#state = state;
    this.#codes = codes;
  }

  publish(name: string, code: CodeSnapshot, input: Document): LayerRecord {
    const versions = [...this.#state.layers.values()].filter((layer) => layer.name === name);
    const counter = this.#state.context.store.collection<number>('lambda.layer-counters');
    const version = (counter.get(name) ?? versions.length) + 1;
    counter.set(name, version);
    const layer = {
      name,
      version,
      code,
      description: String(input.Description ?? ''),
      compatibleRuntimes: ((input.CompatibleRuntimes ?? []) as unknown[]).map(String),
      compatibleArchitectures: ((input.CompatibleArchitectures ?? []) as unknown[]).map(String),
      createdAt: this.#state.context.clock.now(),
    };
    this.#state.layers.set(`${name}:${version}`, layer);
    return layer;
  }

  arnOf(layer: LayerRecord): string {
    return this.#state.layerArn(layer);
  }

  byArn(arn: string): LayerRecord {
    const layer = this.#state.layerByArn(arn);
    if (!layer || layer.deleted) throw lambdaError.notFound('The resource you requested does not exist.');
    return layer;
  }

  /** Sandboxes of versions that have it still need its files. */
  delete(arn: string): void {
    const layer = this.#state.layerByArn(arn);
    if (layer) this.#state.layers.set(`${layer.name}:${layer.version}`, { ...layer, deleted: true });
  }

  describe(layer: LayerRecord): Document {
    const arn = this.#state.layerArn(layer);
    return {
      LayerArn: arn.slice(0, arn.lastIndexOf(':')),
      LayerVersionArn: arn,
      Version: layer.version,
      Description: layer.description,
      CreatedDate: new Date(layer.createdAt).toISOString().replace('Z', '+0000'),
      CompatibleRuntimes: layer.compatibleRuntimes,
      CompatibleArchitectures: layer.compatibleArchitectures,
      Content: {
        Location: `file://${this.#codes.folder(layer.code)}`,
        CodeSha256: layer.code.sha256,
        CodeSize: layer.code.size,
      },
    };
  }
}
