/** What a deployment did to one stack. */
export interface StackSummary {
  readonly stack: string;
  readonly stackId: string;
  readonly status: string;
  readonly created: readonly ResourceChange[];
  readonly updated: readonly ResourceChange[];
  /** New ones that took the place of old ones, with the properties that forced it. */
  readonly replaced: readonly ResourceChange[];
  readonly deleted: readonly ResourceChange[];
  readonly unchanged: number;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface ResourceChange {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  /** Names of the properties that changed; for a replacement, those that forced it. */
  readonly properties?: readonly string[];
}

/** A stack could not be deployed; what was done was taken back. */
export class DeploymentFailed extends Error {
  readonly stackName: string;
  readonly logicalId: string | undefined;
  /** The status that the stack is left in. */
  readonly status: string;

  constructor(message: string, options: { stackName: string; logicalId?: string; status: string; cause: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'DeploymentFailed';
    this.stackName = options.stackName;
    this.logicalId = options.logicalId;
    this.status = options.status;
  }
}
