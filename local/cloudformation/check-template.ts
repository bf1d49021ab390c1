import { AwsError } from '../kernel/errors.ts';
import type { ResourceType } from '../kernel/resource-type.ts';
import { isIntrinsic } from './intrinsics.ts';
import { dependencies, inOrder } from './order.ts';
import { isParameterType, PSEUDO_PARAMETERS } from './parameters.ts';
import { dependsOn, type ResourceDeclaration, referencesIn, type Template, walkIntrinsics } from './template.ts';

export type ResourceTypes = ReadonlyMap<string, ResourceType>;

/** Throws, naming every stack, logical id and property at fault, unless everything in the templates is implemented. */
export function checkTemplates(
  stacks: readonly { readonly name: string; readonly template: Template }[],
  types: ResourceTypes,
): void {
  const problems = stacks.flatMap(({ name, template }) =>
    templateProblems(template, types).map((problem) => `stack ${name}, ${problem}`),
  );
  if (problems.length === 0) return;
  throw new AwsError(
    'ValidationError',
    `Nothing was deployed:\n${problems.map((problem) => `  ${problem}`).join('\n')}`,
  );
}

const SECTIONS = new Set([
  'AWSTemplateFormatVersion',
  'Conditions',
  'Description',
  'Mappings',
  'Metadata',
  'Outputs',
  'Parameters',
  'Resources',
  'Rules',
]);
const ATTRIBUTES = new Set([
  'Condition',
  'DeletionPolicy',
  'DependsOn',
  'Metadata',
  'Properties',
  'Type',
  'UpdateReplacePolicy',
]);
const DELETION_POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate'];
const REPLACE_POLICIES = ['Delete', 'Retain'];

function templateProblems(template: Template, types: ResourceTypes): string[] {
  const { Resources: resources = {}, Parameters: parameters = {}, Outputs: outputs = {} } = template;
  const problems = Object.keys(template)
    .filter((section) => !SECTIONS.has(section))
    .map((section) => `the section ${section} is not implemented`);
  for (const [name, { Type: type }] of Object.entries(parameters)) {
    if (!isParameterType(type)) problems.push(`parameter ${name}: the type ${type} is not implemented`);
  }
  const context = { template, types };
  for (const [logicalId, resource] of Object.entries(resources)) {
    const label = `resource ${logicalId} (${resource.Type})`;
    problems.push(...resourceProblems(resource, context).map((problem) => `${label}: ${problem}`));
  }
  for (const [name, output] of Object.entries(outputs)) {
    const found = [...valueProblems([output.Value, output.Export], template), ...conditionProblems(output, template)];
    problems.push(...found.map((problem) => `output ${name}: ${problem}`));
  }
  problems.push(...valueProblems([template.Conditions, template.Rules], template));
  try {
    inOrder(dependencies(resources));
  } catch (error) {
    problems.push((error as Error).message);
  }
  return problems;
}

function resourceProblems(
  resource: ResourceDeclaration,
  { template, types }: { template: Template; types: ResourceTypes },
): string[] {
  const type = types.get(resource.Type);
  if (!type) return ['the resource type is not implemented'];
  const problems: string[] = [];
  for (const attribute of Object.keys(resource)) {
    if (!ATTRIBUTES.has(attribute)) problems.push(`the attribute ${attribute} is not implemented`);
  }
  const properties = resource.Properties ?? {};
  for (const property of Object.keys(properties)) {
    const known = type.properties.includes(property) || Object.hasOwn(type.ignored ?? {}, property);
    if (!known) problems.push(`the property ${property} is not implemented`);
  }
  for (const other of dependsOn(resource)) {
    if (!Object.hasOwn(template.Resources, other)) problems.push(`DependsOn names ${other}, which is not a resource`);
  }
  problems.push(...conditionProblems(resource, template), ...policyProblems(resource));
  problems.push(...valueProblems(properties, template), ...(type.check?.(properties) ?? []));
  return problems;
}

function policyProblems({ DeletionPolicy: deletion, UpdateReplacePolicy: replace }: ResourceDeclaration): string[] {
  const problems: string[] = [];
  if (deletion !== undefined && !DELETION_POLICIES.includes(deletion)) {
    problems.push(`the DeletionPolicy ${deletion} is not implemented`);
  }
  if (replace !== undefined && !REPLACE_POLICIES.includes(replace)) {
    problems.push(`the UpdateReplacePolicy ${replace} is not implemented`);
  }
  return problems;
}

function conditionProblems({ Condition: condition }: { Condition?: string }, template: Template): string[] {
  if (condition === undefined || Object.hasOwn(template.Conditions ?? {}, condition)) return [];
  return [`the condition ${condition} does not exist`];
}

function valueProblems(value: unknown, template: Template): string[] {
  const problems = new Set<string>();
  walkIntrinsics(value, (name, argument) => {
    if (!isIntrinsic(name)) problems.add(`the intrinsic function ${name} is not implemented`);
    if (name !== 'Fn::If') return;
    const [condition] = argument as [string];
    if (!Object.hasOwn(template.Conditions ?? {}, condition)) problems.add(`the condition ${condition} does not exist`);
  });
  for (const { name, attribute } of referencesIn(value)) {
    const isResource = Object.hasOwn(template.Resources, name);
    const isValue = PSEUDO_PARAMETERS.has(name) || Object.hasOwn(template.Parameters ?? {}, name);
    if (attribute !== undefined && !isResource) problems.add(`Fn::GetAtt names ${name}, which is not a resource`);
    if (attribute === undefined && !isResource && !isValue) {
      problems.add(`Ref names ${name}, which is neither a resource nor a parameter`);
    }
  }
  if (/\{\{resolve:[a-z-]+:/.test(JSON.stringify(value) ?? '')) {
    problems.add('dynamic references ({{resolve:…}}) are not implemented');
  }
  return [...problems];
}
