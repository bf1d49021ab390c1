import { randomUUID } from 'node:crypto';
import { checkedPolicy } from '../iam/check-policy.ts';
import type { PolicyStatement } from '../iam/principal.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { lambdaError } from './errors.ts';
import { keyOf, type LambdaState } from './state.ts';

/** The resource policies of functions, versions and aliases. */
export class Permissions {
  readonly #state: LambdaState;

  constructor(state: LambdaState) {
    this.#state = state;
  }

  add(name: string, qualifier: string | undefined, input: Document): PolicyStatement {
    this.#state.resolve(name, qualifier);
    if (input.EventSourceToken !== undefined) throw new Unsupported('EventSourceToken of a Lambda permission');
    const statement = this.#statement(name, qualifier, input);
    const document = checkedPolicy({ Version: '2012-10-17', Statement: [statement] }, 'resource');
    const known = this.statements(name, qualifier);
    if (known.some(({ Sid }) => Sid === statement.Sid)) {
      throw lambdaError.conflict(
        `The statement id (${statement.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    this.#save(name, qualifier, [...known, document.Statement].flat() as PolicyStatement[]);
    return statement;
  }

  remove(name: string, qualifier: string | undefined, sid: string): void {
    this.#state.function(name);
    const known = this.statements(name, qualifier);
    const kept = known.filter(({ Sid }) => Sid !== sid);
    if (kept.length === known.length) throw lambdaError.notFound(`Statement ${sid} is not found in resource policy.`);
    this.#save(name, qualifier, kept);
  }

  describe(name: string, qualifier: string | undefined): Document {
    this.#state.resolve(name, qualifier);
    const record = this.#state.policies.get(keyOf(name, qualifier));
    if (!record) throw lambdaError.notFound('The resource you requested does not exist.');
    return { Policy: JSON.stringify(record.policy), RevisionId: record.revisionId };
  }

  statements(name: string, qualifier: string | undefined): PolicyStatement[] {
    return [...(this.#state.policies.get(keyOf(name, qualifier))?.policy.Statement ?? [])];
  }

  /** https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html */
  #statement(name: string, qualifier: string | undefined, input: Document): PolicyStatement {
    const principal = String(input.Principal ?? '');
    const condition: Record<string, Record<string, string>> = {};
    const demand = (operator: string, key: string, value: unknown) => {
      if (value !== undefined) condition[operator] = { ...condition[operator], [key]: String(value) };
    };
    demand('ArnLike', 'AWS:SourceArn', input.SourceArn);
    demand('StringEquals', 'AWS:SourceAccount', input.SourceAccount);
    demand('StringEquals', 'lambda:FunctionUrlAuthType', input.FunctionUrlAuthType);
    demand('Bool', 'lambda:InvokedViaFunctionUrl', input.InvokedViaFunctionUrl);
    demand('StringEquals', 'aws:PrincipalOrgID', input.PrincipalOrgID);
    return {
      Sid: String(input.StatementId),
      Effect: 'Allow',
      Principal: principalOf(principal, this.#state.context.partition),
      Action: String(input.Action),
      Resource: this.#state.arn(name, qualifier),
      ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
    };
  }

  #save(name: string, qualifier: string | undefined, Statement: PolicyStatement[]): void {
    const key = keyOf(name, qualifier);
    if (Statement.length === 0) this.#state.policies.delete(key);
    else this.#state.policies.set(key, { policy: { Version: '2012-10-17', Statement }, revisionId: randomUUID() });
  }
}

function principalOf(principal: string, partition: string): PolicyStatement['Principal'] {
  if (principal === '*') return '*';
  if (principal.endsWith('.amazonaws.com')) return { Service: principal };
  return { AWS: /^\d{12}$/.test(principal) ? `arn:${partition}:iam::${principal}:root` : principal };
}
