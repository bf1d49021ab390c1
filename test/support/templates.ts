import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib';
import { parseSluice } from '../../lib/config/messages.ts';
import type { SluiceInput } from '../../lib/config/schema.ts';
import { createApp } from '../../lib/synthesize.ts';

export interface Resource {
  readonly Type: string;
  // Templates are read in many shapes; each test narrows what it looks at.
  // biome-ignore lint/suspicious/noExplicitAny: the properties of a hundred resource types
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | string[];
}

export interface Template {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { readonly Value: unknown }>;
}

/** A configuration with one model in one environment. */
export const sluice = (overrides: Partial<SluiceInput> = {}): SluiceInput => ({
  environments: { dev: {} },
  models: { churn: { problem: { kind: 'binary', target: 'churned', id: 'customer_id' } } },
  ...overrides,
});

/** The templates of a configuration by stack name, with handlers that are not bundled. */
export function templates(
  config: SluiceInput = sluice(),
  options: { checks?: boolean; change?: (app: App) => unknown } = {},
): Record<string, Template> {
  const outdir = mkdtempSync(join(tmpdir(), 'sluice-synth-'));
  try {
    const app = createApp({
      config: parseSluice(config, 'test'),
      outdir,
      bundle: false,
      checks: options.checks ?? false,
    });
    options.change?.(app);
    const stacks = app.synth().stacksRecursively;
    return Object.fromEntries(stacks.map((stack) => [stack.stackName, readTemplate(stack.templateFullPath)]));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** The template of one stack. */
export function template(stackName: string, config?: SluiceInput): Template {
  const found = templates(config)[stackName];
  if (!found) throw new Error(`There is no stack ${stackName}`);
  return found;
}

export const readTemplate = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Template;

/** Logical id and resource, of one type. */
export const ofType = ({ Resources }: Template, type: string): [string, Resource][] =>
  Object.entries(Resources).filter(([, resource]) => resource.Type === type);

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: '*' | { readonly Service?: unknown; readonly AWS?: unknown };
  readonly Condition?: Record<string, Record<string, unknown>>;
}

export const list = <T>(value: T | T[] | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** Every statement of every policy in a template, with the logical id of what it is written in. */
export function statements(from: Template): { owner: string; type: string; statement: Statement }[] {
  return Object.entries(from.Resources).flatMap(([owner, { Type: type, Properties }]) =>
    POLICY_PROPERTIES.flatMap((property) =>
      list<Statement>(Properties?.[property]?.Statement).map((statement) => ({ owner, type, statement })),
    ),
  );
}

const POLICY_PROPERTIES = ['PolicyDocument', 'AssumeRolePolicyDocument', 'KeyPolicy'];
