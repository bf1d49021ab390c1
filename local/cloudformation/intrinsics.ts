import { AwsError, Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { attributeReference, intrinsicOf, SUBSTITUTION } from './template.ts';

/** What the names of a template stand for at one moment of a deployment. */
export interface Scope {
  /** The value of a parameter or pseudo parameter, or the physical id of a resource. */
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  condition(name: string): boolean;
  mapping(map: string, top: string, second: string): unknown;
  exported(name: string): string;
}

/** Stands for a property that is to be left out. */
export const NO_VALUE = Symbol('AWS::NoValue');

/** Gives a value with every intrinsic replaced by what it stands for. */
export function resolve(value: unknown, scope: Scope): unknown {
  const intrinsic = intrinsicOf(value);
  if (intrinsic) return implementation(intrinsic.name)(intrinsic.argument, scope);
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  }
  if (typeof value !== 'object' || value === null) return value;
  const resolved: Document = {};
  for (const [key, item] of Object.entries(value)) {
    const child = resolve(item, scope);
    if (child !== NO_VALUE) resolved[key] = child;
  }
  return resolved;
}

/** Evaluates a condition: there `{ Condition: name }` refers to another one. */
export function holds(value: unknown, scope: Scope): boolean {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length === 1 && keys[0] === 'Condition') return scope.condition(String((value as Document).Condition));
  const intrinsic = intrinsicOf(value);
  const result = intrinsic ? implementation(intrinsic.name)(intrinsic.argument, scope) : value;
  if (result === true || result === 'true') return true;
  if (result === false || result === 'false') return false;
  throw invalid(`Template error: ${JSON.stringify(value)} is not a condition`);
}

export function isIntrinsic(name: string): boolean {
  return Object.hasOwn(FUNCTIONS, name);
}

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

const FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => scope.ref(String(name)),
  'Fn::GetAtt': (argument, scope) => {
    const { name, attribute = '' } = attributeReference(resolve(argument, scope));
    return scope.attribute(name, attribute);
  },
  'Fn::Sub': substitute,
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = list(argument, scope, 'Fn::Join', 2);
    return listed(parts, 'Fn::Join').map(text).join(text(separator));
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = list(argument, scope, 'Fn::Select', 2);
    const item = listed(items, 'Fn::Select')[Number(index)];
    if (item !== undefined) return item;
    throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${text(index)}`);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, source] = list(argument, scope, 'Fn::Split', 2);
    return text(source).split(text(separator));
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes, no] = argument as [string, unknown, unknown];
    return resolve(scope.condition(condition) ? yes : no, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [a, b] = list(argument, scope, 'Fn::Equals', 2);
    return JSON.stringify(scalars(a)) === JSON.stringify(scalars(b));
  },
  'Fn::And': (argument, scope) => listed(argument, 'Fn::And').every((item) => holds(item, scope)),
  'Fn::Or': (argument, scope) => listed(argument, 'Fn::Or').some((item) => holds(item, scope)),
  'Fn::Not': (argument, scope) => !holds(listed(argument, 'Fn::Not')[0], scope),
  'Fn::Contains': (argument, scope) => {
    const [items, item] = list(argument, scope, 'Fn::Contains', 2);
    return listed(items, 'Fn::Contains').map(text).includes(text(item));
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map, top, second] = list(argument, scope, 'Fn::FindInMap', 3);
    return resolve(scope.mapping(text(map), text(top), text(second)), scope);
  },
  'Fn::ImportValue': (argument, scope) => scope.exported(text(resolve(argument, scope))),
  'Fn::Base64': (argument, scope) => Buffer.from(text(resolve(argument, scope))).toString('base64'),
  'Fn::ToJsonString': (argument, scope) => JSON.stringify(resolve(argument, scope)),
  'Fn::Length': (argument, scope) => listed(resolve(argument, scope), 'Fn::Length').length,
};

function implementation(name: string): Intrinsic {
  const intrinsic = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (!intrinsic) throw new Unsupported(`the intrinsic function ${name}`);
  return intrinsic;
}

function substitute(argument: unknown, scope: Scope): string {
  const [source, variables = {}] = (Array.isArray(argument) ? argument : [argument]) as [unknown, Document?];
  const values = resolve(variables, scope) as Document;
  return text(source)
    .replace(SUBSTITUTION, (_, written: string) => {
      const name = written.trim();
      if (Object.hasOwn(values, name)) return text(values[name]);
      if (!name.includes('.')) return text(scope.ref(name));
      const { name: logicalId, attribute = '' } = attributeReference(name);
      return text(scope.attribute(logicalId, attribute));
    })
    .replace(/\$\{!([^}]*)\}/g, '${$1}');
}

function list(argument: unknown, scope: Scope, name: string, length: number): unknown[] {
  const items = listed(resolve(argument, scope), name);
  if (items.length === length) return items;
  throw invalid(`Template error: ${name} expects ${length} arguments, got ${items.length}`);
}

function listed(value: unknown, name: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(`Template error: ${name} expects a list, got ${JSON.stringify(value)}`);
}

/** CloudFormation compares and joins text; a number or boolean of a template is its text. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw invalid(`Template error: expected a text, got ${JSON.stringify(value)}`);
}

function scalars(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scalars);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
