/** Names of the service's resources. https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

const prefix = ({ partition, region, account }: Place) => `arn:${partition}:states:${region}:${account}`;

export const machineArn = (place: Place, name: string) => `${prefix(place)}:stateMachine:${name}`;

export const executionArn = (place: Place, machine: string, name: string) =>
  `${prefix(place)}:execution:${machine}:${name}`;

/** Express executions have no unique names; the service adds an id, except when a state is tested by itself. */
export const expressArn = (place: Place, machine: string, ...names: string[]) =>
  [`${prefix(place)}:express:${machine}`, ...names].join(':');

export const mapRunArn = (place: Place, machine: string, label: string, id: string) =>
  `${prefix(place)}:mapRun:${machine}/${label}:${id}`;

const ARN = /^arn:[\w-]+:states:[\w-]+:\d{12}:(stateMachine|execution|express|mapRun|activity):(.+)$/;

/** What an ARN names; undefined when it is no ARN of this service. */
export function parseArn(arn: string): { readonly kind: string; readonly rest: string } | undefined {
  const [, kind, rest] = ARN.exec(arn) ?? [];
  return kind && rest ? { kind, rest } : undefined;
}
