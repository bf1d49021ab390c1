import type { Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { StackArtifact } from './assembly.ts';
import { checkTemplates, type ResourceTypes } from './check-template.ts';
import { invalid, type Scope } from './intrinsics.ts';
import { stackArn } from './names.ts';
import { dependencies, inOrder } from './order.ts';
import { stackOutputs } from './outputs.ts';
import { checkRules, parameterValues, pseudoParameters } from './parameters.ts';
import { deletionOrder, removeResource } from './removal.ts';
import { type Provisioned, templateScope } from './scope.ts';
import type { StackBook, StackRecord } from './stack-book.ts';
import { StackDeployment } from './stack-deployment.ts';
import { DeploymentFailed, type StackSummary } from './summary.ts';
import type { ResourceDeclaration } from './template.ts';

/** Creates, updates and deletes stacks, as the CDK's CLI and CloudFormation together would. */
export class Deployer {
  readonly #context: CloudContext;
  readonly #book: StackBook;
  readonly #types: () => ResourceTypes;
  readonly #busy = new Set<string>();

  constructor(context: CloudContext, book: StackBook, types: () => ResourceTypes) {
    this.#context = context;
    this.#book = book;
    this.#types = types;
  }

  /** Deploys stacks in the given order. Nothing is changed unless all of their templates are implemented. */
  async deploy(artifacts: readonly StackArtifact[], work: Work): Promise<StackSummary[]> {
    for (const artifact of artifacts) this.#checkEnvironment(artifact);
    checkTemplates(artifacts, this.#types());
    const summaries: StackSummary[] = [];
    for (const artifact of artifacts) {
      summaries.push(await this.#alone(artifact.name, () => this.#deployStack(artifact, work)));
    }
    return summaries;
  }

  /** Deletes a stack, which `checkDeletion` lets go, with everything that is not retained. */
  async delete(stack: StackRecord, work: Work): Promise<void> {
    await this.#alone(stack.name, () => this.#deleteStack(stack, work));
  }

  /** Throws when a stack must not be deleted. */
  checkDeletion(stack: StackRecord): void {
    if (stack.terminationProtection) {
      throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    }
    for (const { exportName } of stack.outputs) {
      const users = exportName ? this.#book.importers(exportName) : [];
      if (users.length > 0) {
        throw invalid(`Export ${exportName} cannot be deleted as it is in use by ${users.join(' and ')}`);
      }
    }
  }

  async #deployStack(artifact: StackArtifact, work: Work): Promise<StackSummary> {
    const known = this.#book.find(artifact.name);
    if (known && NEVER_STOOD.has(known.status)) await this.#deleteStack(known, work);
    const before = this.#book.find(artifact.name);
    const stack = before ?? this.#blank(artifact);
    const { template } = artifact;

    const provisioned = new Map<string, Provisioned>();
    const imports = new Set<string>();
    const given = await parameterValues(template, artifact.parameters, { context: this.#context, work });
    const scope = templateScope({
      template,
      values: new Map([...pseudoParameters(this.#context, stack), ...given]),
      resources: provisioned,
      exports: this.#book.exports(),
      onImport: (name) => imports.add(name),
    });
    checkRules(template, scope);
    const resources = activeResources(artifact, scope);
    const waitsFor = dependencies(resources);

    const isNew = before === undefined || before.status.startsWith('CREATE_IN_PROGRESS');
    let announced = false;
    const announce = () => {
      if (announced) return;
      announced = true;
      if (before === undefined) this.#book.put(stack);
      this.#book.setStatus(stack.id, isNew ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS', 'User Initiated');
    };
    if (isNew) announce();
    const deployment = new StackDeployment({
      stack,
      book: this.#book,
      types: this.#types(),
      scope,
      provisioned,
      waitsFor,
      assets: artifact.assets,
      work,
      onChange: announce,
    });

    let at: string | undefined;
    try {
      for (const logicalId of inOrder(waitsFor)) {
        at = logicalId;
        await deployment.apply(logicalId, resources[logicalId] as ResourceDeclaration);
      }
      at = undefined;
      deployment.dropOthers(new Set(waitsFor.keys()));
      const outputs = stackOutputs(template, { stack, scope, book: this.#book });
      this.#book.change(stack.id, {
        outputs,
        imports: [...imports],
        parameters: stringified(given),
        tags: artifact.tags,
        terminationProtection: artifact.terminationProtection,
        description: template.Description,
      });
      this.#book.setTemplate(stack.id, template);
    } catch (error) {
      throw await this.#failed(deployment, { stack, isNew, error, logicalId: at });
    }
    if (deployment.hasCleanup) {
      this.#book.setStatus(stack.id, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      await deployment.cleanup();
    }
    if (announced) {
      const status = isNew ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE';
      this.#book.setStatus(stack.id, status);
      // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
      this.#context.putServiceEvent({
        source: 'aws.cloudformation',
        detailType: 'CloudFormation Stack Status Change',
        resources: [stack.id],
        detail: { 'stack-id': stack.id, 'status-details': { status, 'status-reason': '' }, 'client-request-token': '' },
      });
    }
    return this.#summary(stack.id, deployment);
  }

  async #failed(
    deployment: StackDeployment,
    failure: { stack: StackRecord; isNew: boolean; error: unknown; logicalId: string | undefined },
  ): Promise<DeploymentFailed> {
    const { stack, isNew, error, logicalId } = failure;
    const rolling = isNew ? 'ROLLBACK' : 'UPDATE_ROLLBACK';
    const { message } = error as Error;
    const where = logicalId ? `resource ${logicalId}: ` : '';
    this.#book.setStatus(stack.id, `${rolling}_IN_PROGRESS`, `${where}${message}`);
    const failed = await deployment.rollBack().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    const status = `${rolling}_${failed === undefined ? 'COMPLETE' : 'FAILED'}`;
    this.#book.setStatus(stack.id, status, failed === undefined ? undefined : (failed as Error).message);
    const what = `Stack ${stack.name}, ${where}${message}`;
    return new DeploymentFailed(`${what} (${status})`, { stackName: stack.name, logicalId, status, cause: error });
  }

  async #deleteStack(stack: StackRecord, work: Work): Promise<void> {
    this.#book.setStatus(stack.id, 'DELETE_IN_PROGRESS', 'User Initiated');
    for (const record of deletionOrder(this.#book.resources(stack.id))) {
      const retained = record.deletionPolicy !== 'Delete';
      try {
        if (retained) this.#book.tell(stack.id, { ...record, status: 'DELETE_SKIPPED', reason: undefined });
        else await removeResource(record, { types: this.#types(), book: this.#book, work });
      } catch (error) {
        this.#book.setStatus(
          stack.id,
          'DELETE_FAILED',
          `The following resource(s) failed to delete: [${record.logicalId}].`,
        );
        throw error;
      }
      this.#book.removeResource(stack.id, record.logicalId);
    }
    this.#book.setStatus(stack.id, 'DELETE_COMPLETE');
    this.#book.change(stack.id, { deleted: this.#context.clock.now(), outputs: [], imports: [] });
  }

  #blank({ name, template, tags, terminationProtection }: StackArtifact): StackRecord {
    const { account, region, clock } = this.#context;
    return {
      id: stackArn({ account, region, name, incarnation: this.#book.incarnations(name) }),
      name,
      status: 'REVIEW_IN_PROGRESS',
      ...(template.Description ? { description: template.Description } : {}),
      created: clock.now(),
      terminationProtection,
      parameters: {},
      tags,
      outputs: [],
      imports: [],
    };
  }

  #checkEnvironment({ name, account, region }: StackArtifact): void {
    const { account: ourAccount, region: ourRegion } = this.#context;
    if ((account ?? ourAccount) === ourAccount && (region ?? ourRegion) === ourRegion) return;
    const wanted = `${account ?? 'any account'}, ${region ?? 'any region'}`;
    throw invalid(`Stack ${name} is for ${wanted}; this cloud is ${ourAccount}, ${ourRegion}`);
  }

  async #alone<T>(name: string, body: () => Promise<T>): Promise<T> {
    if (this.#busy.has(name))
      throw invalid(`Stack ${name} is in progress of another deployment and can not be updated.`);
    this.#busy.add(name);
    try {
      return await body();
    } finally {
      this.#busy.delete(name);
    }
  }

  #summary(stackId: string, { created, updated, replaced, deleted, unchanged }: StackDeployment): StackSummary {
    const { name = '', status = '', outputs = [] } = this.#book.find(stackId) ?? {};
    return {
      stack: name,
      stackId,
      status,
      created,
      updated,
      replaced,
      deleted,
      unchanged,
      outputs: Object.fromEntries(outputs.map(({ key, value }) => [key, value])),
    };
  }
}

/** A stack whose creation failed can only be deleted; the CDK's CLI does so before it creates it again. */
const NEVER_STOOD = new Set(['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']);

function activeResources({ template }: StackArtifact, scope: Scope): Record<string, ResourceDeclaration> {
  return Object.fromEntries(
    Object.entries(template.Resources).filter(
      ([, { Condition: condition }]) => condition === undefined || scope.condition(condition),
    ),
  );
}

function stringified(values: ReadonlyMap<string, unknown>): Record<string, string> {
  return Object.fromEntries([...values].map(([name, value]) => [name, String(value)]));
}
