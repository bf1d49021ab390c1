import type { ResourceDeclaration, Template } from '../../local/cloudformation/template.ts';
import type { PolicyDocument, PolicyStatement } from '../../local/iam/principal.ts';
import { statementsOf } from '../../local/iam/statement.ts';

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
