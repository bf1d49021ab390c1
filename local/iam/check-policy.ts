import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { parseOperator } from './condition.ts';
import { hasSeveralValues, isKnownKey } from './condition-keys.ts';
import { variablesIn } from './pattern.ts';
import type { PolicyDocument } from './principal.ts';

/** What a policy hangs on: that decides which elements it needs. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

interface Problem {
  readonly malformed: boolean;
  readonly text: string;
}

/**
 * Gives a policy document back when it is well formed and uses nothing that is not implemented. Throws
 * MalformedPolicyDocument as IAM does, or Unsupported.
 */
export function checkedPolicy(document: unknown, kind: PolicyKind): PolicyDocument {
  const [problem] = problemsOf(document, kind);
  if (problem?.malformed) throw new AwsError('MalformedPolicyDocument', problem.text);
  if (problem) throw new Unsupported(problem.text);
  return document as PolicyDocument;
}

/** The same check for a template: values that are not known yet (intrinsics) count as fine. */
export function policyProblems(document: unknown, kind: PolicyKind): string[] {
  return problemsOf(document, kind).map(({ text }) => text);
}

const ELEMENTS: readonly string[] = [
  'Sid',
  'Effect',
  'Principal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];

function problemsOf(document: unknown, kind: PolicyKind): Problem[] {
  if (!isObject(document)) return [malformed('The policy is not a JSON object')];
  const { Version: version = '2012-10-17', Statement: statement } = document;
  const found: Problem[] = [];
  if (version !== '2012-10-17') found.push(unsupported(`the policy version ${JSON.stringify(version)}`));
  const statements = Array.isArray(statement) ? statement : [statement];
  if (statement === undefined || statements.length === 0)
    found.push(malformed('Syntax errors in policy: no Statement'));
  else found.push(...statements.flatMap((item) => (isObject(item) ? statementProblems(item, kind) : [])));
  return found;
}

function statementProblems(statement: Document, kind: PolicyKind): Problem[] {
  const found: Problem[] = [];
  for (const name of Object.keys(statement)) {
    if (!ELEMENTS.includes(name)) found.push(unsupported(`the policy element ${name}`));
  }
  const has = (name: string) => statement[name] !== undefined;
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    found.push(malformed(`Syntax errors in policy: Effect ${JSON.stringify(statement.Effect)}`));
  }
  if (has('Action') === has('NotAction')) found.push(malformed('Policy statement must contain actions.'));
  if (kind === 'identity' && has('Principal')) found.push(malformed('Policy document should not specify a principal.'));
  if (kind !== 'identity' && !has('Principal')) found.push(malformed('Missing required field Principal'));
  if (kind === 'trust' && (has('Resource') || has('NotResource')))
    found.push(malformed('Has prohibited field Resource'));
  if (kind === 'identity' && has('Resource') === has('NotResource')) {
    found.push(malformed('Policy statement must contain resources.'));
  }
  for (const action of texts(statement.Action ?? statement.NotAction)) {
    if (action !== '*' && !/^[a-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) {
      found.push(malformed(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: ${action}`));
    }
  }
  for (const resource of texts(statement.Resource ?? statement.NotResource)) {
    if (resource !== '*' && !/^arn:(?:[^:]*:){4}./.test(withoutVariables(resource))) {
      found.push(malformed(`Resource ${resource} must be in ARN format or "*".`));
    }
    found.push(...unknownVariables(resource));
  }
  return [...found, ...principalProblems(statement.Principal), ...conditionProblems(statement.Condition)];
}

function principalProblems(principal: unknown): Problem[] {
  if (!isObject(principal)) return [];
  return Object.keys(principal)
    .filter((kind) => kind !== 'AWS' && kind !== 'Service' && !isIntrinsic(kind))
    .map((kind) => unsupported(`principals of the kind ${kind} in policies`));
}

function conditionProblems(condition: unknown): Problem[] {
  if (!isObject(condition)) return [];
  const found: Problem[] = [];
  for (const [name, keys] of Object.entries(condition)) {
    const operator = parseOperator(name);
    if (!operator) found.push(unsupported(`the condition operator ${name} in policies`));
    for (const [key, value] of Object.entries(isObject(keys) ? keys : {})) {
      if (!isKnownKey(key)) found.push(unsupported(`the condition key ${key} in policies`));
      else if (hasSeveralValues(key) && operator?.base !== 'Null' && !operator?.quantifier) {
        found.push(
          unsupported(`the condition key ${key}, which has several values, without ForAllValues or ForAnyValue`),
        );
      }
      found.push(...texts(value).flatMap(unknownVariables));
    }
  }
  return found;
}

function unknownVariables(text: string): Problem[] {
  return variablesIn(text)
    .filter((name) => !isKnownKey(name))
    .map((name) => unsupported(`the policy variable \${${name}}`));
}

/** A variable may hold colons; for the shape of an ARN it is one word. */
const withoutVariables = (text: string) => text.replace(/\$\{[^}]*\}/g, 'x');
const texts = (value: unknown) => (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
const isObject = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isIntrinsic = (name: string) => name === 'Ref' || name.startsWith('Fn::');
const malformed = (text: string): Problem => ({ malformed: true, text });
const unsupported = (text: string): Problem => ({ malformed: false, text });
