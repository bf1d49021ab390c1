import type { Document } from '../kernel/service.ts';
import type { Collection, Store } from '../kernel/store.ts';
import type { Template } from './template.ts';

export interface StackRecord {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly statusReason?: string;
  readonly description?: string;
  /** ms since the epoch */
  readonly created: number;
  readonly updated?: number;
  readonly deleted?: number;
  readonly terminationProtection: boolean;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly outputs: readonly StackOutput[];
  /** Names of the exports of other stacks that it uses. */
  readonly imports: readonly string[];
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export interface ResourceRecord {
  readonly stackId: string;
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** As of the last deployment, resolved: what the next one is compared with. */
  readonly properties: Document;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Logical ids that it waited for; deletion goes the other way. */
  readonly waitsFor: readonly string[];
  readonly deletionPolicy: string;
  readonly generation: number;
  readonly status: string;
  readonly updated: number;
}

export interface StackEvent {
  readonly stackId: string;
  readonly sequence: number;
  readonly at: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

/** What CloudFormation knows: stacks, their resources, templates and events. */
export class StackBook {
  readonly #stacks: Collection<StackRecord>;
  readonly #resources: Collection<ResourceRecord>;
  readonly #templates: Collection<Template>;
  readonly #events: Collection<StackEvent>;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#stacks = store.collection('cloudformation.stacks');
    this.#resources = store.collection('cloudformation.resources');
    this.#templates = store.collection('cloudformation.templates');
    this.#events = store.collection('cloudformation.events');
    this.#now = now;
  }

  all(): StackRecord[] {
    return [...this.#stacks.values()];
  }

  /** By name the one that stands, by id also a deleted one. */
  find(nameOrId: string): StackRecord | undefined {
    const byId = this.#stacks.get(nameOrId);
    return byId ?? this.all().find(({ name, deleted }) => name === nameOrId && deleted === undefined);
  }

  /** How many stacks of the name there have been. */
  incarnations(name: string): number {
    return this.all().filter((stack) => stack.name === name).length;
  }

  put(stack: StackRecord): StackRecord {
    this.#stacks.set(stack.id, stack);
    return stack;
  }

  change(id: string, change: Partial<StackRecord>): void {
    const stack = this.#stacks.get(id);
    if (stack) this.put({ ...stack, ...change });
  }

  /** Sets the status of a stack and tells it as an event of the stack itself. */
  setStatus(id: string, status: string, reason?: string): void {
    const stack = this.#stacks.get(id);
    if (!stack) return;
    this.change(id, { status, statusReason: reason, updated: this.#now() });
    const physicalId = stack.id;
    this.tell(id, { logicalId: stack.name, physicalId, type: 'AWS::CloudFormation::Stack', status, reason });
  }

  template(stackId: string): Template | undefined {
    return this.#templates.get(stackId);
  }

  setTemplate(stackId: string, template: Template): void {
    this.#templates.set(stackId, template);
  }

  resources(stackId: string): ResourceRecord[] {
    return [...this.#resources.values()].filter((resource) => resource.stackId === stackId);
  }

  putResource(resource: Omit<ResourceRecord, 'updated'>): void {
    this.#resources.set(`${resource.stackId}/${resource.logicalId}`, { ...resource, updated: this.#now() });
  }

  removeResource(stackId: string, logicalId: string): void {
    this.#resources.delete(`${stackId}/${logicalId}`);
  }

  events(stackId: string): StackEvent[] {
    return [...this.#events.values()].filter((event) => event.stackId === stackId);
  }

  tell(stackId: string, event: Omit<StackEvent, 'stackId' | 'sequence' | 'at'>): void {
    const sequence = this.#events.size + 1;
    this.#events.set(String(sequence), { ...event, stackId, sequence, at: this.#now() });
  }

  /** Every export of the stacks that stand, by name. */
  exports(): Map<string, { stack: StackRecord; value: string }> {
    const found = new Map<string, { stack: StackRecord; value: string }>();
    for (const stack of this.all()) {
      if (stack.deleted !== undefined) continue;
      for (const { exportName, value } of stack.outputs) if (exportName) found.set(exportName, { stack, value });
    }
    return found;
  }

  /** Names of the stacks that import an export. */
  importers(exportName: string): string[] {
    return this.all()
      .filter(({ deleted, imports }) => deleted === undefined && imports.includes(exportName))
      .map(({ name }) => name);
  }
}
