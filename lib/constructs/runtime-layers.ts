import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Architecture, Code, type ILayerVersion, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

/** What every handler runs on. */
export const RUNTIME = Runtime.NODEJS_24_X;
export const ARCHITECTURE = Architecture.ARM_64;

/**
 * Libraries that are not bundled into handlers: native code and WASM. They are installed for the Lambda's platform by
 * the postinstall script, so synthesis downloads nothing.
 */
export class RuntimeLayers extends Construct {
  /** DuckDB, to read and write tables. */
  readonly dataEngine: ILayerVersion;
  /** YDF, to train models and to serve them. */
  readonly modelRuntime: ILayerVersion;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.dataEngine = layer(this, 'DataEngine', 'data-engine');
    this.modelRuntime = layer(this, 'ModelRuntime', 'model-runtime');
  }
}

const UNUSED_AT_RUN_TIME = ['**/*.d.ts', '**/*.map', '**/*.md', '**/test', '**/.npmrc', '**/.package-lock.json'];

function layer(scope: Construct, id: string, name: string): LayerVersion {
  const folder = fileURLToPath(new URL(`../../layers/${name}`, import.meta.url));
  if (!existsSync(`${folder}/nodejs/node_modules`)) {
    throw new Error(`The layer "${name}" is not installed; run: npm run postinstall`);
  }
  return new LayerVersion(scope, id, {
    code: Code.fromAsset(folder, { exclude: UNUSED_AT_RUN_TIME }),
    compatibleRuntimes: [RUNTIME],
    compatibleArchitectures: [ARCHITECTURE],
    // Versions of the prediction function that are still in service keep their copy, so old layers may go.
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
