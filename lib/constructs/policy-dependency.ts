import type { CfnResource } from 'aws-cdk-lib';
import type { CfnPolicy, Role } from 'aws-cdk-lib/aws-iam';

/**
 * Makes a resource wait for the policy of its role, so that it can do everything from its first second on. The CDK adds
 * the role itself too, which the resource refers to anyway: cfn-lint W3005.
 */
export function waitForPolicy(resource: CfnResource, role: Role): void {
  const policy = role.node.findChild('DefaultPolicy').node.defaultChild as CfnPolicy;
  resource.addOverride('DependsOn', [policy.logicalId]);
}
