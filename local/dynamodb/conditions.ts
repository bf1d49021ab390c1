import { type AttributeValue, database, type Expression, type Item, type Operand, type Path } from './dynalite.ts';

/** An expression that always holds: takes the place of one that was decided here. */
export const ALWAYS: Expression = { type: 'function', name: 'attribute_not_exists', args: [['']] };

/**
 * Whether an item satisfies a condition or filter expression. dynalite parses them well but compares lists and maps by
 * identity, takes the size of an empty string for no size at all, and orders strings by UTF-16.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
 */
export function satisfies(item: Item, expression: Expression): boolean {
  const [first, second] = expression.args as readonly Expression[];
  if (expression.type === 'and') return both(item, first, second).every(Boolean);
  if (expression.type === 'or') return both(item, first, second).some(Boolean);
  if (expression.type === 'not') return !(first && satisfies(item, first));
  const [value, ...others] = expression.args.map((operand) => resolve(item, operand));
  const name = expression.type === 'function' ? (expression.name ?? '') : expression.type;
  return COMPARISONS[name]?.(value, others) ?? false;
}

type Comparison = (value: AttributeValue | undefined, others: readonly (AttributeValue | undefined)[]) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': (value, [other]) => equal(value, other),
  '<>': (value, [other]) => !equal(value, other),
  '<': (value, [other]) => order(value, other, (sign) => sign < 0),
  '<=': (value, [other]) => order(value, other, (sign) => sign <= 0),
  '>': (value, [other]) => order(value, other, (sign) => sign > 0),
  '>=': (value, [other]) => order(value, other, (sign) => sign >= 0),
  between: (value, [low, high]) => order(value, low, (sign) => sign >= 0) && order(value, high, (sign) => sign <= 0),
  in: (value, others) => others.some((other) => equal(value, other)),
  attribute_exists: (value) => value !== undefined,
  attribute_not_exists: (value) => value === undefined,
  attribute_type: (value, [type]) => value !== undefined && typeOf(value) === type?.S,
  begins_with: (value, [start]) => beginsWith(value, start),
  contains: (value, [part]) => contains(value, part),
};

function both(item: Item, first: Expression | undefined, second: Expression | undefined): boolean[] {
  return [first, second].map((expression) => expression !== undefined && satisfies(item, expression));
}

function resolve(item: Item, operand: Operand): AttributeValue | undefined {
  if (Array.isArray(operand)) return database.mapPath(operand as Path, item) ?? undefined;
  const { type, name, args } = operand as Expression;
  if (type !== 'function' || name !== 'size') return operand as AttributeValue;
  const [of] = args;
  return of === undefined ? undefined : sizeOf(resolve(item, of));
}

function sizeOf(value: AttributeValue | undefined): AttributeValue | undefined {
  if (!value) return undefined;
  const content = value[typeOf(value)];
  const size = SIZES[typeOf(value)]?.(content as never);
  return size === undefined ? undefined : { N: String(size) };
}

const SIZES: Readonly<Record<string, (content: never) => number>> = {
  S: (text: string) => text.length,
  B: (base64: string) => Buffer.from(base64, 'base64').length,
  SS: (set: unknown[]) => set.length,
  NS: (set: unknown[]) => set.length,
  BS: (set: unknown[]) => set.length,
  L: (list: unknown[]) => list.length,
  M: (map: object) => Object.keys(map).length,
};

function typeOf(value: AttributeValue): string {
  return Object.keys(value)[0] ?? '';
}

/** Equal in type and value; sets whatever their order. Numbers were normalized when they were checked. */
export function equal(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (!a || !b) return false;
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  const [x, y] = [a[type], b[type]];
  if (type === 'L')
    return sameLength(x, y) && (x as AttributeValue[]).every((v, i) => equal(v, (y as AttributeValue[])[i]));
  if (type === 'M') {
    const [left, right] = [x as Item, y as Item];
    const names = Object.keys(left);
    return names.length === Object.keys(right).length && names.every((name) => equal(left[name], right[name]));
  }
  if (Array.isArray(x)) return sameLength(x, y) && x.every((member) => (y as unknown[]).includes(member));
  return x === y;
}

function sameLength(a: unknown, b: unknown): boolean {
  return (a as unknown[]).length === (b as unknown[]).length;
}

/** Values of unlike types, or of a type without an order, are never before or after each other. */
function order(
  a: AttributeValue | undefined,
  b: AttributeValue | undefined,
  accepts: (sign: number) => boolean,
): boolean {
  if (!a || !b || typeOf(a) !== typeOf(b)) return false;
  if (typeOf(a) === 'N') return accepts(database.compare('<', a, b) ? -1 : database.compare('>', a, b) ? 1 : 0);
  if (typeOf(a) !== 'S' && typeOf(a) !== 'B') return false;
  return accepts(Buffer.compare(bytesOf(a), bytesOf(b)));
}

function bytesOf(value: AttributeValue): Buffer {
  return 'B' in value ? Buffer.from(String(value.B), 'base64') : Buffer.from(String(value.S), 'utf8');
}

function beginsWith(value: AttributeValue | undefined, start: AttributeValue | undefined): boolean {
  if (!value || !start || typeOf(value) !== typeOf(start)) return false;
  if (typeOf(value) === 'S') return String(value.S).startsWith(String(start.S));
  if (typeOf(value) !== 'B') return false;
  const wanted = bytesOf(start);
  return bytesOf(value).subarray(0, wanted.length).equals(wanted);
}

function contains(value: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (!value || !part) return false;
  const [type, partType] = [typeOf(value), typeOf(part)];
  if (type === 'L') return (value.L as AttributeValue[]).some((member) => equal(member, part));
  if (type === `${partType}S`) return (value[type] as unknown[]).includes(part[partType]);
  if (type !== partType) return false;
  if (type === 'S') return String(value.S).includes(String(part.S));
  return type === 'B' && bytesOf(value).includes(bytesOf(part));
}
