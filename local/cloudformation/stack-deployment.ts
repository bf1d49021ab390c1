import { isDeepStrictEqual } from 'node:util';
import type { Work } from '../kernel/clock.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { AssetLocator, ResourceRequest, ResourceType } from '../kernel/resource-type.ts';
import type { Document } from '../kernel/service.ts';
import type { ResourceTypes } from './check-template.ts';
import { invalid, resolve, type Scope } from './intrinsics.ts';
import { physicalNames } from './names.ts';
import { deletionOrder, removeResource, type Told } from './removal.ts';
import type { Provisioned } from './scope.ts';
import type { ResourceRecord, StackBook, StackRecord } from './stack-book.ts';
import type { ResourceChange } from './summary.ts';
import type { ResourceDeclaration } from './template.ts';

export interface StackDeploymentOptions {
  readonly stack: StackRecord;
  readonly book: StackBook;
  readonly types: ResourceTypes;
  readonly scope: Scope;
  /** Filled with what each resource gives, as the scope needs it. */
  readonly provisioned: Map<string, Provisioned>;
  readonly waitsFor: ReadonlyMap<string, readonly string[]>;
  readonly assets: AssetLocator;
  readonly work: Work;
  /** Called before the first change. */
  onChange(): void;
}

type Step = () => Promise<void>;

/**
 * Brings the resources of one stack to what its template says, one after the other. What is compared is the last deployment's
 * properties with this one's, never the resource itself: as on AWS, what somebody moved by hand stays where it is.
 */
export class StackDeployment {
  readonly created: ResourceChange[] = [];
  readonly updated: ResourceChange[] = [];
  readonly replaced: ResourceChange[] = [];
  readonly deleted: ResourceChange[] = [];
  unchanged = 0;
  readonly #options: StackDeploymentOptions;
  readonly #before: ReadonlyMap<string, ResourceRecord>;
  readonly #undo: Step[] = [];
  readonly #cleanup: Step[] = [];

  constructor(options: StackDeploymentOptions) {
    this.#options = options;
    this.#before = new Map(options.book.resources(options.stack.id).map((record) => [record.logicalId, record]));
  }

  async apply(logicalId: string, declaration: ResourceDeclaration): Promise<void> {
    const known = this.#before.get(logicalId);
    if (known && known.type !== declaration.Type) {
      throw invalid(
        `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${logicalId}]`,
      );
    }
    const type = this.#type(declaration.Type);
    const properties = resolve(declaration.Properties ?? {}, this.#options.scope) as Document;
    if (!known) return this.#create(logicalId, declaration, properties);
    const changed = changedProperties(known.properties, properties);
    const forcing = changed.filter((name) => type.replacing.includes(name));
    if (changed.length === 0) return this.#keep(known, declaration);
    if (forcing.length === 0) return this.#update(known, declaration, { properties, changed });
    return this.#replace(known, declaration, { properties, forcing });
  }

  /** Marks what the template no longer holds for deletion. */
  dropOthers(wanted: ReadonlySet<string>): void {
    const gone = [...this.#before.values()].filter(({ logicalId }) => !wanted.has(logicalId));
    for (const record of deletionOrder(gone)) {
      this.#options.onChange();
      this.#cleanup.push(async () => {
        await this.#remove(record, { retain: record.deletionPolicy !== 'Delete' });
        this.#options.book.removeResource(record.stackId, record.logicalId);
        this.deleted.push(changeOf(record));
      });
    }
  }

  get hasCleanup(): boolean {
    return this.#cleanup.length > 0;
  }

  /** Deletes what was replaced or dropped. A failure is told and does not fail the deployment, as on AWS. */
  async cleanup(): Promise<void> {
    for (const step of this.#cleanup) await step().catch(() => undefined);
  }

  /** Takes everything back, last first. Rejects when a step could not be taken back; the others are. */
  async rollBack(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#undo.toReversed()) await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  async #create(logicalId: string, declaration: ResourceDeclaration, properties: Document): Promise<void> {
    const made = await this.#make(logicalId, declaration, { properties, generation: 0 });
    this.created.push(changeOf(made));
    this.#undo.push(async () => {
      await this.#remove(made, { retain: made.deletionPolicy === 'Retain' });
      this.#options.book.removeResource(made.stackId, logicalId);
    });
  }

  async #replace(
    known: ResourceRecord,
    declaration: ResourceDeclaration,
    { properties, forcing }: { properties: Document; forcing: readonly string[] },
  ): Promise<void> {
    const { book } = this.#options;
    this.#tell(known, 'UPDATE_IN_PROGRESS', 'Requested update requires the creation of a new physical resource.');
    const generation = known.generation + 1;
    const made = await this.#make(known.logicalId, declaration, { properties, generation });
    this.replaced.push({ ...changeOf(made), properties: forcing });
    this.#undo.push(async () => {
      await this.#remove(made, { retain: false });
      book.putResource(known);
    });
    if (made.physicalId === known.physicalId) return;
    this.#cleanup.push(() => this.#remove(known, { retain: declaration.UpdateReplacePolicy === 'Retain' }));
  }

  async #make(
    logicalId: string,
    declaration: ResourceDeclaration,
    { properties, generation }: { properties: Document; generation: number },
  ) {
    const { stack } = this.#options;
    const blank = { logicalId, type: declaration.Type, physicalId: '' };
    this.#options.onChange();
    this.#tell(blank, 'CREATE_IN_PROGRESS');
    const result = await this.#attempt(blank, 'CREATE_FAILED', () =>
      this.#type(declaration.Type).create(this.#request(logicalId, properties, generation)),
    );
    const record = {
      stackId: stack.id,
      logicalId,
      type: declaration.Type,
      ...result,
      properties,
      generation,
      status: 'CREATE_COMPLETE',
      ...this.#placement(logicalId, declaration),
    };
    this.#settle(record);
    return record;
  }

  async #update(
    known: ResourceRecord,
    declaration: ResourceDeclaration,
    { properties, changed }: { properties: Document; changed: readonly string[] },
  ): Promise<void> {
    const { book } = this.#options;
    const { logicalId, physicalId, generation } = known;
    const type = this.#type(known.type);
    this.#options.onChange();
    this.#tell(known, 'UPDATE_IN_PROGRESS');
    const back = async () => {
      const request = this.#request(logicalId, known.properties, generation);
      await type.update({ ...request, physicalId, previous: properties });
      book.putResource(known);
      this.#tell(known, 'UPDATE_COMPLETE');
    };
    const result = await this.#attempt(known, 'UPDATE_FAILED', async () => {
      try {
        return await type.update({
          ...this.#request(logicalId, properties, generation),
          physicalId,
          previous: known.properties,
        });
      } catch (error) {
        if (!(error instanceof Unsupported)) this.#undo.push(back);
        throw error;
      }
    });
    this.#undo.push(back);
    this.#settle({
      ...known,
      ...result,
      properties,
      status: 'UPDATE_COMPLETE',
      ...this.#placement(logicalId, declaration),
    });
    this.updated.push({ ...changeOf(known), properties: changed });
  }

  #keep(known: ResourceRecord, declaration: ResourceDeclaration): void {
    this.unchanged++;
    this.#options.provisioned.set(known.logicalId, known);
    const placement = this.#placement(known.logicalId, declaration);
    const { waitsFor, deletionPolicy } = known;
    if (isDeepStrictEqual(placement, { waitsFor, deletionPolicy })) return;
    this.#options.book.putResource({ ...known, ...placement });
    this.#undo.push(async () => this.#options.book.putResource(known));
  }

  async #remove(record: Omit<ResourceRecord, 'updated'>, { retain }: { retain: boolean }): Promise<void> {
    if (retain) {
      this.#tell(record, 'DELETE_SKIPPED');
      return;
    }
    await removeResource(record, this.#options);
  }

  /** Records a resource as it now stands. */
  #settle(record: Omit<ResourceRecord, 'updated'>): void {
    this.#options.book.putResource(record);
    this.#options.provisioned.set(record.logicalId, record);
    this.#tell(record, record.status);
  }

  async #attempt<T>(resource: Told, failed: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      this.#tell(resource, failed, (error as Error).message);
      throw error;
    }
  }

  #placement(logicalId: string, { DeletionPolicy: deletionPolicy = 'Delete' }: ResourceDeclaration) {
    return { waitsFor: this.#options.waitsFor.get(logicalId) ?? [], deletionPolicy };
  }

  #request(logicalId: string, properties: Document, generation: number): ResourceRequest {
    const { stack, assets, work } = this.#options;
    const names = { stackName: stack.name, stackId: stack.id, logicalId };
    return {
      ...names,
      properties: structuredClone(properties),
      assembly: assets,
      work,
      physicalName: physicalNames({ ...names, generation }),
    };
  }

  #type(name: string): ResourceType {
    const type = this.#options.types.get(name);
    if (!type) throw new Unsupported(`the resource type ${name}`);
    return type;
  }

  #tell({ logicalId, physicalId, type }: Told, status: string, reason?: string): void {
    this.#options.book.tell(this.#options.stack.id, { logicalId, physicalId, type, status, reason });
  }
}

function changedProperties(before: Document, after: Document): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

function changeOf({ logicalId, physicalId, type }: Told): ResourceChange {
  return { logicalId, physicalId, type };
}
