import { readFileSync } from 'node:fs';
import type { CloudAssembly, CloudFormationStackArtifact } from 'aws-cdk-lib/cx-api';
import { ERROR_NAMES } from '../domain/errors.ts';
import { lintStateMachine } from './asl-lint.ts';

export interface StackReport {
  readonly stack: string;
  readonly resources: number;
  /** Findings of cdk-nag that are answered with a reason. */
  readonly acknowledged: number;
  /** What the lint of state machines found. */
  readonly problems: string[];
}

/** What is in an assembly, and what is wrong with the state machines in it. */
export function reportOn(assembly: CloudAssembly): StackReport[] {
  return assembly.stacksRecursively.map((stack) => {
    const { Resources } = JSON.parse(readFileSync(stack.templateFullPath, 'utf8')) as { Resources: Resources };
    return {
      stack: stack.stackName,
      resources: Object.keys(Resources).length,
      acknowledged: acknowledged(stack),
      problems: Object.entries(Resources).flatMap(([id, resource]) => lint(id, resource)),
    };
  });
}

/** The report as a table for a terminal. */
export function formatReport(reports: readonly StackReport[]): string {
  const rows = [
    ['stack', 'resources', 'acknowledged', 'findings'],
    ...reports.map((report) =>
      [report.stack, report.resources, report.acknowledged, report.problems.length].map(String),
    ),
  ];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
  const problems = reports.flatMap(({ stack, problems }) => problems.map((problem) => `${stack}/${problem}`));
  return [...table, ...problems].join('\n');
}

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown> }>;

function lint(id: string, { Type, Properties = {} }: Resources[string]): string[] {
  if (Type !== 'AWS::StepFunctions::StateMachine') return [];
  const substitutions = Object.keys(Properties.DefinitionSubstitutions ?? {});
  const definition: unknown = JSON.parse(String(Properties.DefinitionString));
  return lintStateMachine(definition, { substitutions, knownErrors: Object.values(ERROR_NAMES) }).map(
    (problem) => `${id}${problem}`,
  );
}

const acknowledged = (stack: CloudFormationStackArtifact): number =>
  Object.values(stack.metadata)
    .flat()
    .filter(({ type }) => type === 'aws:cdk:acknowledged-rules')
    .reduce((count, { data }) => count + Object.keys(data ?? {}).length, 0);
