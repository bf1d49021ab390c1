/** Who makes a call. */
export type Principal =
  /** The person or tool at the keyboard: everything that is not explicitly denied by a resource policy. */
  | { readonly kind: 'operator'; readonly arn: string }
  /** A role's session: what the role's policies grant. */
  | { readonly kind: 'role'; readonly roleArn: string; readonly arn: string }
  /** An AWS service acting for a resource: what the target's resource policy grants to it. */
  | { readonly kind: 'service'; readonly service: string; readonly sourceArn: string; readonly sourceAccount: string }
  /** The cloud's own machinery (provisioning): everything. */
  | { readonly kind: 'cloud' };

/** One permission that a call needs. */
export interface AccessRequest {
  /** `s3:GetObject` */
  readonly action: string;
  readonly resource: string;
  /** Condition keys beside the global ones, e.g. `dynamodb:LeadingKeys`. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The resource's own policy, where it has one. */
  readonly policy?: PolicyDocument;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<
    Record<string, Readonly<Record<string, string | boolean | number | readonly (string | boolean | number)[]>>>
  >;
}
