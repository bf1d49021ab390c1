import type { Document } from '../kernel/service.ts';

/** A CloudFormation template as JSON. */
export interface Template {
  readonly Description?: string;
  readonly Parameters?: Readonly<Record<string, ParameterDeclaration>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Rules?: Readonly<Record<string, RuleDeclaration>>;
  readonly Resources: Readonly<Record<string, ResourceDeclaration>>;
  readonly Outputs?: Readonly<Record<string, OutputDeclaration>>;
}

export interface ParameterDeclaration {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
}

export interface RuleDeclaration {
  readonly RuleCondition?: unknown;
  readonly Assertions?: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[];
}

export interface ResourceDeclaration {
  readonly Type: string;
  readonly Properties?: Document;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface OutputDeclaration {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

export function dependsOn({ DependsOn: names }: ResourceDeclaration): readonly string[] {
  if (names === undefined) return [];
  return typeof names === 'string' ? [names] : names;
}

/** An object with the one key `Ref` or `Fn::…` is an intrinsic call. */
export function intrinsicOf(value: unknown): { name: string; argument: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const keys = Object.keys(value);
  const [name] = keys;
  if (keys.length !== 1 || name === undefined || (name !== 'Ref' && !name.startsWith('Fn::'))) return undefined;
  return { name, argument: (value as Document)[name] };
}

/** Calls `visit` for every intrinsic call in a value, outermost first. */
export function walkIntrinsics(value: unknown, visit: (name: string, argument: unknown) => void): void {
  const intrinsic = intrinsicOf(value);
  if (intrinsic) visit(intrinsic.name, intrinsic.argument);
  if (typeof value !== 'object' || value === null) return;
  for (const child of Object.values(value)) walkIntrinsics(child, visit);
}

/** A name that a template refers to: a parameter, a pseudo parameter or a resource, maybe with one of its attributes. */
export interface Reference {
  readonly name: string;
  readonly attribute?: string;
}

/** Everything that a value refers to through Ref, Fn::GetAtt and Fn::Sub. */
export function referencesIn(value: unknown): Reference[] {
  const found: Reference[] = [];
  walkIntrinsics(value, (name, argument) => {
    if (name === 'Ref') found.push({ name: String(argument) });
    if (name === 'Fn::GetAtt') found.push(attributeReference(argument));
    if (name === 'Fn::Sub') found.push(...substitutions(argument));
  });
  return found;
}

/** `["Id", "Attribute"]` or `"Id.Attribute"`. */
export function attributeReference(argument: unknown): Reference {
  if (typeof argument === 'string') {
    const dot = argument.indexOf('.');
    return { name: argument.slice(0, dot), attribute: argument.slice(dot + 1) };
  }
  const [name, attribute] = argument as [string, unknown];
  return { name, attribute: String(attribute) };
}

/** The `${…}` of a text, without the escaped `${!…}`. */
export const SUBSTITUTION = /\$\{([^}!][^}]*)\}/g;

export function substitutions(argument: unknown): Reference[] {
  const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [unknown, Document?];
  return [...String(text).matchAll(SUBSTITUTION)]
    .map((match) => (match[1] ?? '').trim())
    .filter((name) => !Object.hasOwn(variables ?? {}, name))
    .map((name) => (name.includes('.') ? attributeReference(name) : { name }));
}
