import type { Cloud } from '../../local/cloud.ts';
import { loadAssembly, selectStage } from '../../local/cloudformation/assembly.ts';
import type { ResourceDeclaration, Template } from '../../local/cloudformation/template.ts';
import type { PolicyDocument, PolicyStatement } from '../../local/iam/principal.ts';
import { listOf, statementsOf } from '../../local/iam/statement.ts';

/** Where a statement of a role stands in a template; `policy` and `index` are those of the access report. */
export interface StatementPlace {
  /** `<stack>/<logical id>`, or `<stack>/<logical id>/<policy name>` for one that is inline in a role. */
  readonly policy: string;
  readonly index: number;
  readonly statement: PolicyStatement;
}

/** Every statement of every role's policies in a template. */
export function roleStatements(stackName: string, template: Template): StatementPlace[] {
  return Object.entries(template.Resources).flatMap(([logicalId, resource]) =>
    documentsOf(resource).flatMap(({ name, document }) =>
      statementsOf(document).map((statement, index) => ({
        policy: [stackName, logicalId, ...(name === undefined ? [] : [name])].join('/'),
        index,
        statement,
      })),
    ),
  );
}

/** Every statement of every role of an assembly's only stage. */
export const assemblyStatements = (assembly: string) =>
  selectStage(loadAssembly(assembly), undefined).stacks.flatMap(({ name: stack, template }) =>
    roleStatements(stack, template).map((place) => ({
      ...place,
      stack,
      actions: listOf(place.statement.Action),
      /** Logical id of the policy, which begins with the construct that it belongs to. */
      owner: place.policy.replace(/^.*\//, ''),
    })),
  );

/** What was denied while something was played: whether to the role of a statement, and which action. */
export async function denialsDuring(
  { iam }: Cloud,
  policy: string,
  play: () => Promise<unknown>,
): Promise<[ofRole: boolean, action: string][]> {
  const key = ({ times: _, ...call }: { times: number }) => JSON.stringify(call);
  const before = new Map(iam.report().denied.map((call) => [key(call), call.times]));
  await play();
  const { denied, roles } = iam.report();
  const role = roles.find(({ statements }) => statements.some((statement) => statement.policy === policy));
  const name = role?.roleArn.split('/').at(-1) ?? 'no role';
  return denied
    .filter((call) => call.times > (before.get(key(call)) ?? 0))
    .map(({ principal, action }) => [principal.includes(name), action]);
}

/** The template with one statement of a role taken away. A policy must not be empty, so one that grants nothing takes its place. */
export function withoutStatement(
  stackName: string,
  template: Template,
  place: Pick<StatementPlace, 'policy' | 'index'>,
): Template {
  const copy = structuredClone(template);
  for (const [logicalId, resource] of Object.entries(copy.Resources)) {
    for (const { name, document } of documentsOf(resource)) {
      const policy = [stackName, logicalId, ...(name === undefined ? [] : [name])].join('/');
      if (policy !== place.policy) continue;
      const nothing: PolicyStatement = { Effect: 'Allow', Action: 'sluice:Nothing', Resource: '*' };
      const statements = statementsOf(document).map((statement, index) =>
        index === place.index ? nothing : statement,
      );
      Object.assign(document, { Statement: statements });
      return copy;
    }
  }
  throw new Error(`The stack ${stackName} has no policy ${place.policy}`);
}

function documentsOf({ Type: type, Properties: properties = {} }: ResourceDeclaration) {
  if (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') {
    return [{ name: undefined, document: properties.PolicyDocument as PolicyDocument }];
  }
  if (type !== 'AWS::IAM::Role') return [];
  return ((properties.Policies ?? []) as { PolicyName: string; PolicyDocument: PolicyDocument }[]).map(
    ({ PolicyName: name, PolicyDocument: document }) => ({ name, document }),
  );
}
