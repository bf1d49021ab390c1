import type { PolicyStatement } from '../../local/iam/principal.ts';

type Value = string | Readonly<Record<string, unknown>>;
/** A statement of a template, whose resources may be intrinsics. */
export type Grant = Omit<PolicyStatement, 'Resource' | 'Effect'> & { readonly Resource: Value | readonly Value[] };

export const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });

/** AWS::IAM::Role of a service with what it may do. */
export const role = (service: string, ...grants: readonly Grant[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    },
    Policies: [
      { PolicyName: 'own', PolicyDocument: { Statement: grants.map((grant) => ({ Effect: 'Allow', ...grant })) } },
    ],
  },
});

/** AWS::StepFunctions::StateMachine of these states, in order. */
export const stateMachine = (name: string, roleId: string, States: Readonly<Record<string, unknown>>) => ({
  Type: 'AWS::StepFunctions::StateMachine',
  Properties: {
    StateMachineName: name,
    RoleArn: arnOf(roleId),
    Definition: { QueryLanguage: 'JSONata', StartAt: Object.keys(States)[0], States },
  },
});
