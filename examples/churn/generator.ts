/** A subscription business in a seeded world: who its customers are, and who of them leaves. */

export interface ChurnOptions {
  readonly rows: number;
  readonly seed: number;
  /** Number of the first customer. @default 1 */
  readonly firstCustomer?: number;
  /** Share of calls to support that nobody wrote down, 0 to 1. @default 0.05 */
  readonly callsMissing?: number;
  /** How much data they use against January. @default 1 */
  readonly usage?: number;
  /** Share of data volumes that nobody knows, 0 to 1. @default 0.08 */
  readonly usageMissing?: number;
  /** Shares of the contracts, month by month, for one and for two years. @default [0.55, 0.27, 0.18] */
  readonly contracts?: readonly [number, number, number];
  /** How strongly a competitor courts those with long contracts, as log-odds that they leave. @default 0 */
  readonly competitor?: number;
  /** Share of labels that say the opposite of what happened, 0 to 1. @default 0 */
  readonly labelNoise?: number;
}

export interface Customer {
  readonly customer_id: string;
  readonly age: number;
  readonly region: string;
  readonly plan: string;
  readonly contract: string;
  readonly tenure_months: number;
  readonly monthly_fee: number;
  readonly total_charges: number | null;
  readonly support_calls: number | null;
  readonly data_gb: number | null;
  readonly days_since_login: number;
  readonly paperless: boolean;
  readonly payment: string;
  readonly churned: 'yes' | 'no';
}

export const COLUMNS = [
  'customer_id',
  'age',
  'region',
  'plan',
  'contract',
  'tenure_months',
  'monthly_fee',
  'total_charges',
  'support_calls',
  'data_gb',
  'days_since_login',
  'paperless',
  'payment',
  'churned',
] as const satisfies readonly (keyof Customer)[];

const REGIONS = ['north', 'south', 'east', 'west', 'île-de-france'];
const PLANS = [
  { name: 'basic', fee: 19 },
  { name: 'plus', fee: 39 },
  { name: 'family', fee: 59 },
  { name: 'business', fee: 89 },
];
const CONTRACTS = ['month-to-month', 'one year', 'two years'];
const PAYMENTS = ['card', 'direct debit', 'invoice'];

/** Customers with the habits and the noise of real ones: mixed types, skewed numbers, values that are missing for a reason. */
export function customers(options: ChurnOptions): Customer[] {
  const { rows, seed, firstCustomer = 1, callsMissing = 0.05, labelNoise = 0 } = options;
  const { usage: growth = 1, usageMissing = 0.08, contracts = [0.55, 0.27, 0.18], competitor = 0 } = options;
  const random = mulberry32(seed);
  return Array.from({ length: rows }, (_, index) => {
    const plan = pick(PLANS, random);
    const contract = CONTRACTS[weighted(contracts, random)] ?? 'month-to-month';
    const tenure = Math.floor(72 * random() ** 1.6);
    const fee = round(plan.fee * (0.9 + 0.25 * random()), 2);
    const calls = poisson(contract === 'month-to-month' ? 1.6 : 0.9, random);
    const login = Math.floor(-14 * Math.log(1 - random()));
    const usage = round(growth * Math.exp(1.6 + 0.9 * normal(random)), 1);
    const age = Math.round(clamp(42 + 15 * normal(random), 18, 92));
    const payment = PAYMENTS[weighted([0.5, 0.35, 0.15], random)] ?? 'card';
    const risk =
      -2.35 +
      (contract === 'month-to-month' ? 1.3 : contract === 'two years' ? -1.4 : 0) -
      0.035 * tenure +
      (contract === 'month-to-month' ? 0 : competitor) +
      0.55 * calls +
      0.045 * login +
      (payment === 'invoice' ? 0.7 : 0) +
      (plan.name === 'business' && calls > 2 ? 1.1 : 0) -
      0.015 * usage +
      0.35 * normal(random);
    const left = random() < 1 / (1 + Math.exp(-risk));
    const told = random() < labelNoise ? !left : left;
    return {
      customer_id: `C${String(firstCustomer + index).padStart(6, '0')}`,
      age,
      region: pick(REGIONS, random),
      plan: plan.name,
      contract,
      tenure_months: tenure,
      monthly_fee: fee,
      // Whoever joined this month has not paid yet.
      total_charges: tenure === 0 ? null : round(fee * tenure * (0.95 + 0.1 * random()), 2),
      support_calls: random() < callsMissing ? null : calls,
      data_gb: random() < usageMissing ? null : usage,
      days_since_login: login,
      paperless: random() < 0.6,
      payment,
      churned: told ? 'yes' : 'no',
    };
  });
}

/** The customers as the CSV that a team would export. */
export function toCsv(rows: readonly Customer[]): string {
  const line = (customer: Customer) => COLUMNS.map((column) => cell(customer[column])).join(',');
  return `${[COLUMNS.join(','), ...rows.map(line)].join('\n')}\n`;
}

const cell = (value: string | number | boolean | null) => {
  const text = value === null ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A small seeded generator of uniform numbers in [0, 1); mulberry32 by Tommy Ettinger, public domain. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

function poisson(mean: number, random: () => number): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

function weighted(weights: readonly number[], random: () => number): number {
  let left = random();
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('Cannot pick from an empty list');
  return item;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;
