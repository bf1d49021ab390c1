import { createHash, randomUUID } from 'node:crypto';
import type { Expression } from 'jsonata';
import { JavaRandom } from './java-random.ts';

/**
 * The functions that Step Functions adds to JSONata.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided
 */
const FUNCTIONS = {
  partition: { signature: '<an:a<a>>', call: partition },
  range: { signature: '<nnn:a<n>>', call: range },
  hash: { signature: '<ss:s>', call: hash },
  random: { signature: '<n?:n>', call: random },
  uuid: { signature: '<:s>', call: () => randomUUID() },
  parse: { signature: '<s:x>', call: parse },
} as const;

/** Binds them, and takes `$eval` away: the service does not offer it. */
export function bindServiceFunctions(expression: Expression): void {
  for (const [name, { signature, call }] of Object.entries(FUNCTIONS)) {
    expression.registerFunction(name, call as (...args: unknown[]) => unknown, signature);
  }
  expression.assign('eval', undefined);
}

function partition(array: unknown[] | undefined, size: number | undefined): unknown[][] | undefined {
  if (array === undefined || size === undefined) return undefined;
  const step = Math.trunc(size);
  if (step < 1) throw new Error('The chunk size of $partition must be a positive integer');
  return Array.from({ length: Math.ceil(array.length / step) }, (_, index) =>
    array.slice(index * step, (index + 1) * step),
  );
}

/** Both ends are included when the step lands on them; fractions are cut off. */
function range(first?: number, last?: number, by?: number): number[] | undefined {
  if (first === undefined || last === undefined || by === undefined) return undefined;
  const [start, end, step] = [Math.trunc(first), Math.trunc(last), Math.trunc(by)];
  if (step === 0) throw new Error('The step of $range must not be zero');
  const length = Math.max(0, Math.floor((end - start) / step) + 1);
  return Array.from({ length }, (_, index) => start + index * step);
}

const DIGESTS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

function hash(content: string | undefined, algorithm: string | undefined): string | undefined {
  if (content === undefined || algorithm === undefined) return undefined;
  const digest = DIGESTS[algorithm];
  if (!digest) throw new Error(`The algorithm of $hash must be one of ${Object.keys(DIGESTS).join(', ')}`);
  return createHash(digest).update(content).digest('hex');
}

/** A seed gives what `java.util.Random` gives for it: the service's own generator. */
function random(seed?: number): number {
  return seed === undefined ? Math.random() : new JavaRandom(seed).nextDouble();
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
