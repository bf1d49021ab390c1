import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CapturedLine } from '../../domain/capture.ts';
import { type DataSchema, featuresOf } from '../../domain/data-schema.ts';
import { namedModelConfigSchema } from '../../domain/model-config.ts';
import type { Collected } from '../../domain/monitor/flow.ts';
import { type WindowReport, windowReportSchema } from '../../domain/monitor/report.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import type { WindowMetrics } from '../../domain/monitor/window-metrics.ts';
import { capturePartition } from '../../domain/names.ts';
import { beginRollout, promote, registerVersion } from '../../domain/registry.ts';
import type { BinaryScores } from '../../domain/scores.ts';
import { mulberry32 } from '../../examples/churn/generator.ts';
import { collect } from '../../lambdas/monitor/collect.ts';
import { compare } from '../../lambdas/monitor/compare.ts';
import { fail } from '../../lambdas/monitor/fail.ts';
import type { MonitorPorts } from '../../lambdas/monitor/ports.ts';
import { profile } from '../../lambdas/monitor/profile.ts';
import { profileTraining } from '../../lambdas/shared/dataset-profile.ts';
import { sqlText, withEngine } from '../../lambdas/shared/duckdb.ts';
import { labelsKey } from '../../lambdas/shared/labels.ts';
import { capturedLineWith, capturesObject } from './captures.ts';
import { evaluationOf, newVersion } from './domain-builders.ts';
import { memoryListing, memoryObjects } from './memory-objects.ts';
import { MemoryRegistry } from './memory-registry.ts';

export const WATCHED_SCHEMA: DataSchema = {
  format: 1,
  target: { kind: 'binary', name: 'churned', classes: ['no', 'yes'], positive: 'yes' },
  columns: [
    { name: 'age', role: 'feature', type: 'numeric', required: true, missingShare: 0 },
    { name: 'plan', role: 'feature', type: 'categorical', required: true, missingShare: 0 },
    { name: 'calls', role: 'feature', type: 'numeric', required: false, missingShare: 0 },
    { name: 'churned', role: 'target', type: 'categorical', required: true, missingShare: 0 },
  ],
};

/** What somebody is, and what the model says of them: the older, the likelier. */
export interface Person {
  readonly age: number;
  readonly plan: string;
  readonly calls: number | null;
}

export interface World {
  /** Added to ages. */
  readonly older?: number;
  /** Share of calls that nobody wrote down. */
  readonly callsMissing?: number;
}

export function people(rows: number, seed: number, { older = 0, callsMissing = 0 }: World = {}): Person[] {
  const random = mulberry32(seed);
  const normal = () => random() + random() + random() + random() - 2;
  return Array.from({ length: rows }, () => ({
    age: Math.round(10 * (45 + 17 * normal() + older)) / 10,
    plan: ['basic', 'plus', 'family'][Math.floor(random() ** 2 * 3)] ?? 'basic',
    calls: random() < callsMissing ? null : Math.floor(6 * random()),
  }));
}

const scoreOf = ({ age }: Person) => Math.min(0.98, Math.max(0.02, 0.5 + (age - 45) / 60));
const HOUR = 3_600_000;

/** A model that is watched, without AWS: captures by version and hour, windows as the state machine goes through them. */
export class Watched {
  readonly registry = new MemoryRegistry('churn');
  readonly objects = memoryObjects();
  readonly published: WindowMetrics[] = [];
  /** Requests that were answered with 200, as far as CloudWatch knows. */
  answered = 0;
  readonly running = new Set<string>();
  now = '2026-11-23T11:16:00.000Z';
  /** What was predicted, by inference id. */
  readonly said = new Map<string, string>();
  #requests = 0;
  #labels = 0;
  #owners = 0;
  readonly config;

  constructor(monitoring: object = {}) {
    this.config = namedModelConfigSchema.parse({
      name: 'churn',
      problem: { kind: 'binary', target: 'churned' },
      monitoring,
    });
  }

  ports(overrides: Partial<MonitorPorts> = {}): MonitorPorts {
    return {
      registry: this.registry,
      objects: this.objects,
      listing: memoryListing(async () =>
        ['data', 'artifacts'].flatMap((bucket) =>
          this.objects.keys(bucket).map((key) => ({ bucket, key, bytes: 1_000 })),
        ),
      ),
      config: this.config,
      dataBucket: 'data',
      artifactBucket: 'artifacts',
      requests: { answered: async (_span, most) => Math.min(most, this.answered) },
      executions: { isRunning: async (owner) => this.running.has(owner) },
      engine: { memoryMb: 256, threads: 2 },
      publish: (metrics) => void this.published.push(metrics),
      now: () => this.now,
      ...overrides,
    };
  }

  /** Registers a version with its files, and makes it the champion unless told otherwise. */
  async version(options: { champion?: boolean; seed?: number; world?: World } = {}): Promise<number> {
    const { champion = true, seed = 1, world } = options;
    const prefix = `churn/runs/run-${seed}/`;
    const files = Object.fromEntries(
      ['schema', 'profile', 'evaluation', 'scores', 'golden', 'judgement', 'card'].map((name) => [
        name,
        `${prefix}${name}.json`,
      ]),
    ) as ReturnType<typeof newVersion>['files'];
    const trained = people(6_000, seed, world);
    const tested = people(3_000, seed + 1_000, world);
    const random = mulberry32(seed);
    const scores: BinaryScores = {
      kind: 'binary',
      positive: 'yes',
      truth: tested.map((person) => (random() < 0.1 !== scoreOf(person) >= 0.5 ? 1 : 0)),
      challenger: tested.map(scoreOf),
      champion: null,
      attributes: { plan: tested.map(({ plan }) => plan) },
    };
    const put = (key: string, value: unknown) => this.objects.putJson({ bucket: 'artifacts', key }, value);
    await put(files.schema, WATCHED_SCHEMA);
    await put(files.profile, {
      ...(await trainingProfile(trained)),
      split: { rows: 9_000, train: 6_000, test: 3_000, unused: 0, rejected: 0 },
    });
    await put(files.scores, scores);
    await put(
      files.evaluation,
      evaluationOf(scores, {
        importance: [
          { column: 'age', importance: 3 },
          { column: 'plan', importance: 1 },
        ],
      }),
    );

    const act = { who: 'test', why: 'because', time: this.now };
    const runId = `run-${seed}`;
    const head = await this.registry.head();
    const registered = registerVersion(head, newVersion({ runId, files, semver: `1.${seed}.0` }), {
      ...act,
      approval: 'automatic',
    });
    if (!registered.ok) throw new Error(registered.message);
    await this.registry.write({ transition: registered });
    const number = registered.head.lastVersion;
    if (champion) await this.#promote(number, act);
    return number;
  }

  async #promote(number: number, act: { who: string; why: string; time: string }): Promise<void> {
    const version = await this.registry.version(number);
    if (!version) throw new Error('no version');
    const begun = beginRollout(await this.registry.head(), version, { ...act, runId: version.runId });
    if (!begun.ok) throw new Error(begun.message);
    await this.registry.write({ transition: begun });
    const served = begun.head.champion === null ? null : await this.registry.version(begun.head.champion);
    const promoted = promote(begun.head, version, {
      ...act,
      token: begun.head.fencing,
      functionVersion: '2',
      champion: served,
    });
    if (!promoted.ok) throw new Error(promoted.message);
    await this.registry.write({ transition: promoted });
  }

  /** An object of captures of one hour; gives the ids of its predictions. */
  async capture(
    version: number,
    hour: string,
    options: { people: readonly object[]; extra?: readonly (CapturedLine | string)[]; name?: string },
  ): Promise<string[]> {
    const ids: string[] = [];
    const lines = options.people.map((person) => {
      this.#requests += 1;
      const request_id = `req-${this.#requests}`;
      ids.push(`${request_id}-0`);
      const score = scoreOf(person as Person);
      const label = score >= 0.5 ? 'yes' : 'no';
      this.said.set(`${request_id}-0`, label);
      const at = `${hour}:30:00.000Z`;
      return capturedLineWith({ request_id, version, at, instances: [{ ...person }], predictions: [{ label, score }] });
    });
    const key = `${capturePartition('churn', version, hour)}${options.name ?? `part-${this.#requests}`}.gz`;
    await this.objects.putBytes({ bucket: 'data', key }, capturesObject([...lines, ...(options.extra ?? [])]));
    return ids;
  }

  /** A file of labels as it stands after its intake. */
  async label(day: string, labels: readonly { id: string; label: string; at?: string }[]): Promise<void> {
    this.#labels += 1;
    const sha256 = String(this.#labels).padStart(64, '0');
    await withEngine({ memoryMb: 128, threads: 2 }, async (engine) => {
      await engine.run('CREATE TABLE l (inference_id VARCHAR, label VARCHAR, "at" TIMESTAMP, received_at TIMESTAMP)');
      const values = labels.map(
        ({ id, label, at }) =>
          `(${sqlText(id)}, ${sqlText(label)}, ${at ? sqlText(at.slice(0, 19)) : 'NULL'}, TIMESTAMP '${day} 12:00:00')`,
      );
      await engine.run(`INSERT INTO l VALUES ${values.join(', ')}`);
      const file = join(engine.folder, 'labels.parquet');
      await engine.run(`COPY l TO ${sqlText(file)} (FORMAT parquet)`);
      await this.objects.putBytes({ bucket: 'artifacts', key: labelsKey('churn', day, sha256) }, await readFile(file));
    });
  }

  /** What one execution does at a time: to the end, or as far as the window. */
  async watch(time: string, overrides: Partial<MonitorPorts> = {}): Promise<WindowItem | null> {
    this.now = time;
    this.#owners += 1;
    const owner = `execution-${this.#owners}`;
    const ports = this.ports(overrides);
    const collected = await collect({ owner, time }, ports);
    if (collected.window === null) return null;
    if (collected.status === 'NOT_DUE') return this.registry.window(collected.window);
    for (const item of await this.items(collected)) await profile({ window: collected.window, item }, ports);
    await compare({ window: collected.window, owner, work: collected.status === 'WORK' }, ports);
    return this.registry.window(collected.window);
  }

  async items({ window, objects }: Collected) {
    if (!objects || window === null) return [];
    const list = JSON.parse(this.objects.text(objects)) as Parameters<typeof profile>[0]['item'][];
    return list;
  }

  /** The execution dies, and its failure path says so. */
  async dies(time: string): Promise<void> {
    this.#owners += 1;
    const owner = `execution-${this.#owners}`;
    await collect({ owner, time }, this.ports());
    await fail({ owner, failure: { Error: 'Lambda.Unknown', Cause: 'out of memory' } }, this.ports());
  }

  async report(window: WindowItem | null): Promise<WindowReport> {
    if (!window?.reportKey) throw new Error('there is no report');
    return this.objects.getJson({ bucket: 'artifacts', key: window.reportKey }, windowReportSchema);
  }

  page(window: WindowItem | null): string {
    return this.objects.text({ bucket: 'artifacts', key: window?.pageKey ?? '' });
  }
}

/** `2026-11-23T10` and `2026-11-23T11:16:00.000Z`: an hour that is some hours after another, and when its window is due. */
export const hourAfter = (hour: string, hours: number) =>
  new Date(Date.parse(`${hour}:00:00Z`) + hours * HOUR).toISOString().slice(0, 13);
export const dueAfter = (hour: string) => `${hourAfter(hour, 1)}:16:00.000Z`;

async function trainingProfile(rows: readonly Person[]) {
  return withEngine({ memoryMb: 256, threads: 2 }, async (engine) => {
    await engine.run('CREATE TABLE t (f0 DOUBLE, f1 VARCHAR, f2 DOUBLE, label VARCHAR)');
    const values = rows.map(
      (person) =>
        `(${person.age}, ${sqlText(person.plan)}, ${person.calls ?? 'NULL'}, '${scoreOf(person) >= 0.5 ? 'yes' : 'no'}')`,
    );
    await engine.run(`INSERT INTO t VALUES ${values.join(', ')}`);
    const features = featuresOf(WATCHED_SCHEMA).map(({ name, type }, index) => ({
      name,
      kind: type === 'numeric' ? ('numeric' as const) : ('categorical' as const),
      sql: `f${index}`,
    }));
    return profileTraining(engine, {
      from: 't',
      features,
      target: { name: 'churned', kind: 'categorical', sql: 'label' },
    });
  });
}
