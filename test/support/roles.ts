import { createAuthorizer } from '../../local/iam/authorizer.ts';
import type { PolicyDocument, PolicyStatement } from '../../local/iam/principal.ts';
import { ROLE } from './lambda.ts';

const TRUST: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

/** Decides for one role of functions, which may what the statements say: `[actions, resource]`. */
export function handlerRole(...may: readonly (readonly [action: string | readonly string[], resource: string])[]) {
  const authorizer = createAuthorizer({ clock: { now: () => Date.UTC(2026, 0, 5) } });
  const set = (grants: typeof may) => {
    const Statement = grants.map(([Action, Resource]): PolicyStatement => ({ Effect: 'Allow', Action, Resource }));
    const policies = new Map(Statement.length > 0 ? [['test', { Version: '2012-10-17', Statement }]] : []);
    authorizer.setRole({ roleArn: ROLE, trust: TRUST, policies });
  };
  set(may);
  return { ...authorizer, set };
}
