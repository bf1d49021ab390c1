import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AssetLocator } from '../kernel/resource-type.ts';
import { assetLocator } from './assets.ts';
import type { Template } from './template.ts';

/** One stack of a cloud assembly, as `cdk synth` wrote it. */
export interface StackArtifact {
  readonly name: string;
  readonly template: Template;
  /** Names of the stacks that must be deployed before it. */
  readonly dependencies: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  /** Undefined where the app leaves it to whoever deploys. */
  readonly account?: string;
  readonly region?: string;
  readonly assets: AssetLocator;
}

/** A part of the app that is deployed as one: a CDK stage, or what stands outside any. */
export interface StageArtifact {
  /** Undefined for the stacks outside any stage. */
  readonly name?: string;
  readonly stacks: readonly StackArtifact[];
}

interface Manifest {
  readonly artifacts?: Readonly<Record<string, Artifact>>;
}

interface Artifact {
  readonly type: string;
  readonly environment?: string;
  readonly displayName?: string;
  readonly dependencies?: readonly string[];
  readonly properties?: {
    readonly directoryName?: string;
    readonly displayName?: string;
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly terminationProtection?: boolean;
    readonly parameters?: Readonly<Record<string, string>>;
    readonly tags?: Readonly<Record<string, string>>;
    readonly file?: string;
  };
}

/** Artifacts beside stacks that say nothing about what is deployed. */
const SILENT = new Set(['cdk:tree', 'cdk:asset-manifest', 'cdk:feature-flag-report']);

/** Reads a cloud assembly: its stages with their stacks in the order of their dependencies. */
export function loadAssembly(directory: string): StageArtifact[] {
  const root = resolve(directory);
  if (!existsSync(join(root, 'manifest.json'))) {
    throw new Error(`No cloud assembly in ${root}: expected a manifest.json, as cdk synth writes it`);
  }
  return stagesIn(root, undefined).filter(({ stacks }) => stacks.length > 0);
}

/** The stage that is asked for; with one stage only, no name is needed. */
export function selectStage(stages: readonly StageArtifact[], name: string | undefined): StageArtifact {
  const [first] = stages;
  if (name === undefined && first && stages.length === 1) return first;
  const found = stages.find((stage) => stage.name === name);
  if (found) return found;
  const names = stages.map((stage) => stage.name ?? '(no stage)').join(', ');
  throw new Error(
    name === undefined
      ? `The cloud assembly has ${stages.length} stages, name one of them: ${names}`
      : `The cloud assembly has no stage "${name}"; it has: ${names}`,
  );
}

function stagesIn(directory: string, name: string | undefined): StageArtifact[] {
  const { artifacts = {} } = readJson<Manifest>(join(directory, 'manifest.json'));
  const assets = assetLocator(directory, Object.values(artifacts).flatMap(assetManifest));
  const stacks: StackArtifact[] = [];
  const nested: StageArtifact[] = [];
  const names = new Map(Object.entries(artifacts).map(([id, { properties }]) => [id, properties?.stackName ?? id]));
  for (const [id, artifact] of Object.entries(artifacts)) {
    const { type, properties = {} } = artifact;
    if (type === 'aws:cloudformation:stack') {
      const dependencies = (artifact.dependencies ?? []).filter(
        (other) => artifacts[other]?.type === 'aws:cloudformation:stack',
      );
      stacks.push({
        name: properties.stackName ?? id,
        template: readJson<Template>(join(directory, properties.templateFile ?? '')),
        dependencies: dependencies.map((other) => names.get(other) ?? other),
        parameters: properties.parameters ?? {},
        tags: properties.tags ?? {},
        terminationProtection: properties.terminationProtection ?? false,
        ...environmentOf(artifact.environment),
        assets,
      });
    } else if (type === 'cdk:cloud-assembly') {
      const stage = id.replace(/^assembly-/, '');
      nested.push(...stagesIn(join(directory, properties.directoryName ?? id), stage));
    } else if (!SILENT.has(type)) {
      throw new Error(`The cloud assembly ${directory} holds an artifact of an unknown type: ${type} (${id})`);
    }
  }
  return [{ ...(name === undefined ? {} : { name }), stacks: inOrder(stacks) }, ...nested];
}

function inOrder(stacks: readonly StackArtifact[]): StackArtifact[] {
  const done: StackArtifact[] = [];
  const visit = (stack: StackArtifact) => {
    if (done.includes(stack)) return;
    for (const other of stacks) if (stack.dependencies.includes(other.name)) visit(other);
    done.push(stack);
  };
  for (const stack of stacks) visit(stack);
  return done;
}

function assetManifest({ type, properties }: Artifact): string[] {
  return type === 'cdk:asset-manifest' && properties?.file ? [properties.file] : [];
}

/** `aws://123456789012/eu-west-1`, or `unknown-account`, `unknown-region`. */
function environmentOf(environment = ''): Pick<StackArtifact, 'account' | 'region'> {
  const [, account = 'unknown', region = 'unknown'] = /^aws:\/\/([^/]+)\/(.+)$/.exec(environment) ?? [];
  return {
    ...(account.startsWith('unknown') ? {} : { account }),
    ...(region.startsWith('unknown') ? {} : { region }),
  };
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
