import { App, Validations } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { codeCommit } from './code-commit.ts';
import { loadConfig } from './config/load.ts';
import { ConfigError } from './config/messages.ts';
import type { SluiceConfig } from './config/schema.ts';
import { featureFlags } from './context.ts';
import { SluiceStage } from './sluice-stage.ts';

export interface SynthesizeOptions {
  /** @default SLUICE_CONFIG, else sluice.config.ts in the current folder */
  readonly configPath?: string;
  /** @default what the CDK CLI asks for, else cdk.out */
  readonly outdir?: string;
  /** @default all of the configuration */
  readonly environments?: readonly string[];
  /** Run cdk-nag. @default true */
  readonly checks?: boolean;
  /** Bundle the handlers; without, templates are the same but for the hashes of assets. @default true */
  readonly bundle?: boolean;
}

/** Writes the cloud assembly of a configuration; what `cdk synth` does, without the CDK CLI. */
export function synthesize(options: SynthesizeOptions = {}): CloudAssembly {
  return createApp(options).synth();
}

/** Whether a person has been told all they need: a wrong configuration, or findings that the CDK has printed. */
export const isExplained = (error: unknown): error is Error =>
  error instanceof ConfigError || (error instanceof Error && error.name === 'ValidationFailed');

/** The app with one stage for each environment. */
export function createApp(options: SynthesizeOptions & { readonly config?: SluiceConfig } = {}): App {
  const config = options.config ?? loadConfig(options.configPath);
  const app = new App({
    outdir: options.outdir ?? process.env.CDK_OUTDIR ?? 'cdk.out',
    context: { ...featureFlags(), ...(options.bundle === false ? { 'aws:cdk:bundling-stacks': [] } : {}) },
    analyticsReporting: false,
  });
  const commit = codeCommit();
  for (const [name, environment] of Object.entries(config.environments)) {
    if (options.environments && !options.environments.includes(name)) continue;
    new SluiceStage(app, name, { environment, models: config.models, codeCommit: commit });
  }
  for (const name of options.environments ?? []) {
    if (config.environments[name]) continue;
    throw new ConfigError(`There is no environment "${name}"; allowed: ${Object.keys(config.environments).join(', ')}`);
  }
  if (options.checks ?? true) {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  }
  return app;
}
