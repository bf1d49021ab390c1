import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** A statement with a wildcard in its resources, and the reason that a reviewer asks for. */
export class WildcardStatement extends PolicyStatement {
  readonly #reason: string;

  constructor(props: PolicyStatementProps, reason: string) {
    super(props);
    this.#reason = reason;
  }

  /** Answers cdk-nag for exactly these resources of exactly this role. */
  acknowledgeOn(role: Construct): void {
    for (const resource of this.resources.filter((text) => text.endsWith('*'))) {
      const id = `AwsSolutions-IAM5[Resource::${flat(Stack.of(role).resolve(resource))}]`;
      Validations.of(role).acknowledge({ id, reason: this.#reason });
    }
  }
}

type Intrinsic =
  | string
  | { Ref: string }
  | { 'Fn::GetAtt': [string, string] }
  | { 'Fn::ImportValue': string }
  | { 'Fn::Join': [string, Intrinsic[]] };

/** An ARN with intrinsics as cdk-nag writes it. */
function flat(value: Intrinsic): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`;
  if ('Fn::ImportValue' in value) return value['Fn::ImportValue'];
  const [delimiter, parts] = value['Fn::Join'];
  return parts.map(flat).join(delimiter);
}
