import type { Decision } from '../../domain/decisions.ts';
import { Conflict } from '../../domain/errors.ts';
import type { CohortItem, MonitorItem } from '../../domain/monitor/record.ts';
import type { WindowItem } from '../../domain/monitor/window.ts';
import { emptyReactions, type Incident, type ReactionState } from '../../domain/react/state.ts';
import {
  type Approval,
  type DatasetItem,
  emptyHead,
  type Head,
  type LabelsItem,
  type PinnedSchema,
  type RunItem,
  type Upload,
  type Version,
} from '../../domain/registry-items.ts';
import type { RolloutRecord } from '../../domain/rollout/record.ts';
import { emptySlot, type Slot } from '../../domain/slot.ts';
import type { Registry } from '../../lambdas/shared/registry.ts';

/** The registry's port in memory, with the conditions that the table checks and a turn of the event loop before each answer. */
export class MemoryRegistry implements Registry {
  #head: Head;
  #slot: Slot;
  #reactions: ReactionState;
  readonly #incidents = new Map<string, Incident>();
  #schema: PinnedSchema | null = null;
  readonly #versions = new Map<number, Version>();
  readonly #runs = new Map<string, RunItem>();
  readonly #uploads = new Map<string, Upload>();
  readonly #datasets = new Map<string, DatasetItem>();
  readonly #labels = new Map<string, LabelsItem>();
  readonly #approvals = new Map<number, Approval>();
  readonly #rollouts = new Map<number, RolloutRecord>();
  readonly #windows = new Map<string, WindowItem>();
  readonly #monitors = new Map<number, MonitorItem>();
  readonly #cohorts = new Map<string, CohortItem>();
  readonly #decisions: Decision[] = [];
  /** Throws instead of answering, once: a process that dies at this write. */
  failNextWrite: Error | null = null;

  constructor(model: string) {
    this.#head = emptyHead(model);
    this.#slot = emptySlot(model);
    this.#reactions = emptyReactions(model);
  }

  head = () => later(this.#head);
  slot = () => later(this.#slot);
  version = (version: number) => later(this.#versions.get(version) ?? null);
  run = (runId: string) => later(this.#runs.get(runId) ?? null);
  upload = (id: string) => later(this.#uploads.get(id) ?? null);
  dataset = (sha256: string) => later(this.#datasets.get(sha256) ?? null);
  labels = (sha256: string) => later(this.#labels.get(sha256) ?? null);
  approval = (version: number) => later(this.#approvals.get(version) ?? null);
  rollout = (token: number) => later(this.#rollouts.get(token) ?? null);
  rollouts = () => later([...this.#rollouts.values()]);
  window = (id: string) => later(this.#windows.get(id) ?? null);
  windows = (most: number) => later([...this.#windows.values()].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, most));
  monitor = (version: number) => later(this.#monitors.get(version) ?? null);
  cohorts = (since: string) => later([...this.#cohorts.values()].filter(({ id }) => id >= since));
  reactions = () => later(this.#reactions);
  incidents = () => later([...this.#incidents.values()]);
  pinnedSchema = () => later(this.#schema);
  versions = () => later([...this.#versions.values()]);
  runs = () => later([...this.#runs.values()]);
  uploads = () => later([...this.#uploads.values()]);
  decisions = () => later([...this.#decisions]);

  write: Registry['write'] = async (write) => {
    await later(undefined);
    if (this.failNextWrite) {
      const error = this.failNextWrite;
      this.failNextWrite = null;
      throw error;
    }
    const { transition, slot, rollout, window } = write;
    const ahead = (next: { revision: number }, now: { revision: number } | undefined) =>
      next.revision !== (now?.revision ?? 0) + 1;
    const raced =
      (window && ahead(window, this.#windows.get(window.id))) ||
      (write.monitors ?? []).some((next) => ahead(next, this.#monitors.get(next.version))) ||
      (write.cohorts ?? []).some((next) => ahead(next, this.#cohorts.get(next.id))) ||
      (transition && transition.head.revision !== this.#head.revision + 1) ||
      (rollout && rollout.revision !== (this.#rollouts.get(rollout.token)?.revision ?? 0) + 1) ||
      (write.reactions && write.reactions.revision !== this.#reactions.revision + 1) ||
      (slot && slot.revision !== this.#slot.revision + 1) ||
      (write.labels && this.#labels.has(write.labels.sha256)) ||
      (write.schema && this.#schema !== null);
    if (raced) throw new Conflict('somebody else wrote first');
    if (transition) {
      this.#head = transition.head;
      this.#decisions.push(transition.decision);
      for (const version of transition.versions) this.#versions.set(version.version, version);
    }
    if (slot) this.#slot = slot;
    if (rollout) this.#rollouts.set(rollout.token, rollout);
    if (window) this.#windows.set(window.id, window);
    for (const monitor of write.monitors ?? []) this.#monitors.set(monitor.version, monitor);
    for (const cohort of write.cohorts ?? []) this.#cohorts.set(cohort.id, cohort);
    if (write.reactions) this.#reactions = write.reactions;
    for (const incident of write.incidents ?? []) this.#incidents.set(incident.id, incident);
    if (write.schema) this.#schema = write.schema;
    if (write.labels) this.#labels.set(write.labels.sha256, write.labels);
    if (write.approval) this.#approvals.set(write.approval.version, write.approval);
    for (const run of [...(write.run ? [write.run] : []), ...(write.runs ?? [])]) this.#runs.set(run.runId, run);
    for (const upload of write.uploads ?? []) this.#uploads.set(upload.id, upload);
    for (const dataset of write.datasets ?? []) this.#datasets.set(dataset.sha256, dataset);
  };
}

const later = async <T>(value: T): Promise<T> => {
  await new Promise((resolve) => setImmediate(resolve));
  return value;
};
