/**
 * The condition keys that requests here carry. A policy that asks for another one stops the deployment: a key that is never
 * there would make a Deny silently harmless and an Allow silently useless.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
const KNOWN: readonly string[] = [
  'aws:CurrentTime',
  'aws:EpochTime',
  'aws:PrincipalAccount',
  'aws:PrincipalArn',
  'aws:PrincipalIsAWSService',
  'aws:PrincipalServiceName',
  'aws:PrincipalType',
  'aws:RequestedRegion',
  'aws:ResourceAccount',
  'aws:SecureTransport',
  'aws:SourceAccount',
  'aws:SourceArn',
  'aws:SourceOwner',
  'aws:username',
  'cloudwatch:namespace',
  'dynamodb:Attributes',
  'dynamodb:LeadingKeys',
  'dynamodb:Select',
  'events:detail-type',
  'events:source',
  'iam:PassedToService',
  'kms:CallerAccount',
  'kms:EncryptionContextKeys',
  'kms:GrantIsForAWSResource',
  'kms:ViaService',
  'lambda:FunctionArn',
  'lambda:FunctionUrlAuthType',
  'lambda:InvokedViaFunctionUrl',
  's3:delimiter',
  's3:max-keys',
  's3:prefix',
  's3:ResourceAccount',
  's3:TlsVersion',
  's3:VersionId',
  's3:x-amz-acl',
  's3:x-amz-server-side-encryption',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  'sns:Endpoint',
  'sns:Protocol',
];

/** Keys whose name goes on after a prefix. */
const PREFIXES: readonly string[] = ['aws:PrincipalTag/', 'kms:EncryptionContext:'];

/** Keys that may have several values: only ForAllValues and ForAnyValue say what that means. */
const SEVERAL: readonly string[] = ['dynamodb:Attributes', 'dynamodb:LeadingKeys', 'kms:EncryptionContextKeys'];

const known = new Set(KNOWN.map((key) => key.toLowerCase()));
const several = new Set(SEVERAL.map((key) => key.toLowerCase()));

export function isKnownKey(key: string): boolean {
  const name = key.toLowerCase();
  return known.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix.toLowerCase()));
}

export function hasSeveralValues(key: string): boolean {
  return several.has(key.toLowerCase());
}
