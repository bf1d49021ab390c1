import type { Contract, Feature } from '../../domain/contract.ts';
import { canonicalBoolean, canonicalText, learnerText, MISSING_WORDS } from '../../domain/data-schema.ts';
import { InvalidInstance } from '../../domain/errors.ts';

/** What the learner is told of one feature of one row; null is a missing value. */
export type Cell = number | string | null;

/**
 * Checks one instance against the contract and puts its values in the order of the features.
 *
 * A value is any JSON scalar whose text could stand in the data: a number feature takes 39 and "39", a boolean one true,
 * "yes" and 1. Null, "" and the data's own words for a missing value are missing values.
 */
export function instanceReader(contract: Contract): (instance: unknown, index: number) => Cell[] {
  const places = new Map(contract.features.map((feature, place) => [feature.name, place]));
  const ignored = new Set(contract.ignored);
  return (instance, index) => {
    if (typeof instance !== 'object' || instance === null || Array.isArray(instance))
      throw new InvalidInstance(`Instance ${index}: expected an object of fields, current value is ${told(instance)}`, {
        field: '',
        index,
      });
    const cells = new Array<Cell | undefined>(contract.features.length);
    for (const name of Object.keys(instance)) {
      const place = places.get(name);
      const feature = place === undefined ? undefined : contract.features[place];
      if (place !== undefined && feature) {
        cells[place] = readCell((instance as Record<string, unknown>)[name], feature, index);
      } else if (!ignored.has(name)) throw unknownField(contract, name, index);
    }
    return contract.features.map((feature, place) => {
      const cell = cells[place];
      if (cell !== undefined) return cell;
      if (feature.required) throw refused(feature, index, 'expected a value or null, the field is absent');
      return null;
    });
  };
}

/** Longer than any sensible category; a longer text is a mistake or an attack, not an unseen category. */
export const MAX_TEXT = 4_096;

function readCell(value: unknown, feature: Feature, index: number): Cell {
  if (value === null) return null;
  if (typeof value === 'string' && value.length > MAX_TEXT)
    throw refused(feature, index, `expected at most ${MAX_TEXT} characters, current length is ${value.length}`);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw refused(feature, index, `expected ${EXPECTED[feature.type]}, current value is ${told(value)}`);
  const cell = READERS[feature.type](value);
  if (cell === undefined)
    throw refused(feature, index, `expected ${EXPECTED[feature.type]}, current value is ${told(value)}`);
  return cell;
}

type Scalar = string | number | boolean;

/** `undefined` when the value cannot be read as the type. */
const READERS: Record<Feature['type'], (value: Scalar) => Cell | undefined> = {
  numeric(value) {
    if (typeof value === 'number') return Number.isFinite(value) ? inFloat32(value) : undefined;
    if (typeof value === 'boolean') return undefined;
    const text = value.trim();
    if (isMissing(text)) return null;
    return NUMBER.test(text) && Number.isFinite(Number(text)) ? inFloat32(Number(text)) : undefined;
  },
  boolean(value) {
    const text = canonicalText(value);
    if (text === null || isMissing(text)) return null;
    const canonical = canonicalBoolean(text);
    return canonical ? learnerText(canonical) : undefined;
  },
  categorical(value) {
    const text = canonicalText(value);
    return text === null ? null : learnerText(text);
  },
};

const EXPECTED: Record<Feature['type'], string> = {
  numeric: 'a finite number',
  boolean: 'true or false',
  categorical: 'a text',
};

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const MISSING = new Set(['', ...MISSING_WORDS]);
const isMissing = (text: string) => MISSING.has(text.toLowerCase());

/** Trees compare in 32 bits; what lies beyond is beyond every threshold anyway, and must not become infinite. */
export const inFloat32 = (value: number) => Math.max(-LARGEST_FLOAT32, Math.min(LARGEST_FLOAT32, value));
const LARGEST_FLOAT32 = 3.4028234663852886e38;

const refused = (feature: Feature, index: number, why: string) =>
  new InvalidInstance(`Instance ${index}, field ${told(feature.name)}: ${why}`, { field: feature.name, index });

function unknownField(contract: Contract, name: string, index: number): InvalidInstance {
  const why = name === contract.target ? 'is what the model predicts' : 'is not a field of the model';
  return new InvalidInstance(`Instance ${index}: ${told(name)} ${why}`, { field: name.slice(0, 200), index });
}

/** A value as an error message may repeat it: short, and with its control characters escaped. */
function told(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return String(value);
}
