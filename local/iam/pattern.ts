/** What a policy variable stands for in this request; undefined when the request has no such key. */
export type Variables = (key: string) => string | undefined;

const ANY = Symbol('*');
const ONE = Symbol('?');
type Token = string | typeof ANY | typeof ONE;
export type Pattern = readonly Token[];

/**
 * A pattern of IAM: `*` is any run of characters, `?` any one, `${key}` a policy variable (`${key, 'default'}`), `${*}`,
 * `${?}` and `${$}` the characters themselves. Undefined when a variable has no value: such a pattern matches nothing.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function compile(text: string, variables: Variables = () => undefined): Pattern | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; at++) {
    const variable = text[at] === '$' ? /^\$\{([^}]*)\}/.exec(text.slice(at)) : null;
    if (variable) {
      const value = expand(variable[1] ?? '', variables);
      if (value === undefined) return undefined;
      tokens.push(...value);
      at += variable[0].length - 1;
    } else {
      const character = text[at] as string;
      tokens.push(character === '*' ? ANY : character === '?' ? ONE : character);
    }
  }
  return tokens;
}

/** The names of the policy variables in a text. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)]
    .map((match) => (match[1] ?? '').split(',')[0]?.trim() ?? '')
    .filter((name) => !ESCAPES.has(name));
}

/** Whether the whole text matches. Linear but for one step back per `*`, so a hostile pattern costs no more than its length squared. */
export function matches(pattern: Pattern, text: string): boolean {
  let [at, position] = [0, 0];
  let [lastAny, resumeAt] = [-1, 0];
  while (position < text.length) {
    const token = pattern[at];
    if (token === ANY) {
      [lastAny, resumeAt] = [at++, position];
    } else if (token === ONE || (token !== undefined && token === text[position])) {
      at++;
      position++;
    } else if (lastAny >= 0) {
      at = lastAny + 1;
      position = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[at] === ANY) at++;
  return at === pattern.length;
}

/** Whether an ARN matches: a wildcard does not reach over one of the first five colons. `*` alone matches every resource. */
export function matchesArn(pattern: Pattern, arn: string): boolean {
  if (pattern.length === 1 && pattern[0] === ANY) return true;
  const [wanted, actual] = [segments([...pattern]), segments([...arn])];
  if (wanted.length !== actual.length) return false;
  return wanted.every((part, index) => matches(part, (actual[index] ?? []).join('')));
}

const ESCAPES = new Set(['*', '?', '$']);

function expand(name: string, variables: Variables): string[] | undefined {
  if (ESCAPES.has(name)) return [name];
  const [, key = '', fallback] = /^\s*([^,]*?)\s*(?:,\s*'([^']*)'\s*)?$/.exec(name) ?? [];
  const value = variables(key) ?? fallback;
  return value === undefined ? undefined : [...value];
}

function segments<T extends Token>(tokens: readonly T[]): T[][] {
  const parts: T[][] = [[]];
  for (const token of tokens) {
    if (token === ':' && parts.length < 6) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
