import type { Work } from './clock.ts';
import type { Document } from './service.ts';

/** Provisions one CloudFormation resource type. Properties arrive with every intrinsic resolved. */
export interface ResourceType {
  readonly type: string;
  /** First-level properties that are implemented; any other stops the deployment with the logical id and the property. */
  readonly properties: readonly string[];
  /** Properties that are read and deliberately without effect here, each with the reason (shown in the service's notes). */
  readonly ignored?: Readonly<Record<string, string>>;
  /** Properties whose change replaces the resource, as the CloudFormation reference says. */
  readonly replacing: readonly string[];
  /**
   * What is wrong with the properties as the template has them, intrinsics unresolved, before anything is changed: one sentence
   * a problem.
   */
  check?(properties: Document): string[];
  create(request: ResourceRequest): Promise<ResourceResult>;
  /** Changes it in place. `previous` are the properties of the last deployment. */
  update(request: ResourceRequest & { physicalId: string; previous: Document }): Promise<ResourceResult>;
  delete(request: { physicalId: string; properties: Document; work: Work }): Promise<void>;
}

export interface ResourceRequest {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  readonly properties: Document;
  /** A name as CloudFormation makes them, `<stack>-<logical id>-<random>`, at most `length` characters; the same for the same resource. */
  physicalName(options?: { length?: number; lowerCase?: boolean; suffix?: string }): string;
  /** Where the cloud assembly stands, for assets. */
  readonly assembly: AssetLocator;
  readonly work: Work;
}

export interface ResourceResult {
  /** What `Ref` gives. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` gives. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface AssetLocator {
  /** The file or folder on disk behind an asset's bucket and key; throws naming both when the assembly has no such asset. */
  path(bucket: string, key: string): string;
}
