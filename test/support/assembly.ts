import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from '../../local/cloudformation/template.ts';

export interface StackFixture {
  readonly template: Template | Record<string, unknown>;
  readonly dependencies?: readonly string[];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly terminationProtection?: boolean;
  readonly environment?: string;
}

/** Writes a cloud assembly as `cdk synth` does, with one stage per entry, and gives its folder. */
export function writeAssembly(
  folder: string,
  stages: Readonly<Record<string, Readonly<Record<string, StackFixture>>>>,
): string {
  const artifacts = Object.entries(stages).map(([stage, stacks]) => {
    const directoryName = `assembly-${stage}`;
    writeStage(join(folder, directoryName), stacks);
    return [directoryName, { type: 'cdk:cloud-assembly', properties: { directoryName, displayName: stage } }];
  });
  const tree = ['Tree', { type: 'cdk:tree', properties: { file: 'tree.json' } }];
  writeJson(join(folder, 'manifest.json'), { version: '55.0.0', artifacts: Object.fromEntries([...artifacts, tree]) });
  return folder;
}

function writeStage(folder: string, stacks: Readonly<Record<string, StackFixture>>): void {
  mkdirSync(folder, { recursive: true });
  const artifacts = Object.entries(stacks).flatMap(([name, stack]) => {
    const templateFile = `${name}.template.json`;
    writeJson(join(folder, templateFile), stack.template);
    writeJson(join(folder, `${name}.assets.json`), {
      files: {
        [`code-of-${name}`]: {
          source: { path: `../asset.${name}`, packaging: 'zip' },
          destinations: {
            current_account: {
              bucketName: 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}',
              objectKey: `code-of-${name}.zip`,
            },
          },
        },
      },
    });
    const { dependencies = [], parameters, terminationProtection, environment } = stack;
    const properties = { templateFile, stackName: name, parameters, terminationProtection };
    return [
      [`${name}.assets`, { type: 'cdk:asset-manifest', properties: { file: `${name}.assets.json` } }],
      [
        name,
        {
          type: 'aws:cloudformation:stack',
          environment: environment ?? 'aws://unknown-account/unknown-region',
          properties,
          dependencies: [...dependencies, `${name}.assets`],
        },
      ],
    ];
  });
  writeJson(join(folder, 'manifest.json'), { version: '55.0.0', artifacts: Object.fromEntries(artifacts) });
}

function writeJson(file: string, value: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}
