import type { Work } from '../kernel/clock.ts';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import { holds, invalid, NO_VALUE, type Scope } from './intrinsics.ts';
import type { ParameterDeclaration, Template } from './template.ts';

export const PSEUDO_PARAMETERS: ReadonlySet<string> = new Set([
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::NotificationARNs',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]);

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html */
export function pseudoParameters(context: CloudContext, stack: { name: string; id: string }): Map<string, unknown> {
  return new Map<string, unknown>([
    ['AWS::AccountId', context.account],
    ['AWS::NoValue', NO_VALUE],
    ['AWS::NotificationARNs', []],
    ['AWS::Partition', context.partition],
    ['AWS::Region', context.region],
    ['AWS::StackId', stack.id],
    ['AWS::StackName', stack.name],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);
}

const PLAIN_TYPES = ['String', 'Number'];
const LIST_TYPES = ['CommaDelimitedList', 'List<String>', 'List<Number>'];
const SSM_TYPE = 'AWS::SSM::Parameter::Value<String>';

export function isParameterType(type: string): boolean {
  return PLAIN_TYPES.includes(type) || LIST_TYPES.includes(type) || type === SSM_TYPE;
}

/** The value of every parameter of a template: the one that is given, or its default; read from SSM where the type says so. */
export async function parameterValues(
  template: Template,
  given: Readonly<Record<string, string>>,
  { context, work }: { context: CloudContext; work: Work },
): Promise<Map<string, unknown>> {
  const { Parameters: declared = {} } = template;
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(declared, name)) throw invalid(`Parameters: [${name}] do not exist in the template`);
  }
  const values = new Map<string, unknown>();
  for (const [name, declaration] of Object.entries(declared)) {
    const value = given[name] ?? declaration.Default;
    if (value === undefined) throw invalid(`Parameters: [${name}] must have values`);
    checkValue(name, String(value), declaration);
    values.set(name, await parameterValue(declaration.Type, String(value), { context, work }));
  }
  return values;
}

async function parameterValue(
  type: string,
  text: string,
  { context, work }: { context: CloudContext; work: Work },
): Promise<unknown> {
  if (LIST_TYPES.includes(type)) return text.split(',').map((item) => item.trim());
  if (type !== SSM_TYPE) return text;
  const answer = await context.call({ kind: 'cloud' }, 'ssm', 'GetParameter', { Name: text }, work);
  return (answer.Parameter as { Value: string }).Value;
}

function checkValue(name: string, value: string, declaration: ParameterDeclaration): void {
  const { Type: type, AllowedValues: allowed, AllowedPattern: pattern } = declaration;
  if (allowed && !allowed.map(String).includes(value)) {
    throw invalid(`Parameter '${name}' must be one of AllowedValues`);
  }
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`).test(value)) {
    throw invalid(`Parameter '${name}' must match pattern ${pattern}`);
  }
  if (type === 'Number' && !Number.isFinite(Number(value))) {
    throw invalid(`Parameter '${name}' must be a number.`);
  }
}

/** Fails as CloudFormation does when an assertion of the template's rules does not hold. */
export function checkRules({ Rules: rules = {} }: Template, scope: Scope): void {
  for (const [name, { RuleCondition: condition, Assertions: assertions = [] }] of Object.entries(rules)) {
    if (condition !== undefined && !holds(condition, scope)) continue;
    for (const { Assert: assertion, AssertDescription: description } of assertions) {
      if (holds(assertion, scope)) continue;
      throw new AwsError('ValidationError', `Template validation error: ${description ?? `Rule ${name} failed`}`);
    }
  }
}
