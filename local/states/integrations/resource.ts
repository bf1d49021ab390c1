/** How a task waits: for the answer, for the job behind it, or for somebody to use its token. */
export type Pattern = 'request' | 'sync' | 'sync:2' | 'waitForTaskToken';

export type Resource =
  | { readonly kind: 'function'; readonly arn: string }
  | { readonly kind: 'activity'; readonly arn: string }
  | {
      readonly kind: 'service';
      /** `lambda`, or `aws-sdk:dynamodb` */
      readonly resourceType: string;
      /** As events show it: `invoke.waitForTaskToken` */
      readonly resource: string;
      readonly action: string;
      readonly pattern: Pattern;
    };

const SERVICE = /^arn:[\w-]+:states:[\w-]*:\d*:((?:aws-sdk:)?[\w-]+):([\w-]+)(?:\.(sync:2|sync|waitForTaskToken))?$/;

/** Reads the `Resource` of a Task; undefined when it is none. */
export function parseResource(arn: string): Resource | undefined {
  if (/^arn:[\w-]+:lambda:/.test(arn)) return { kind: 'function', arn };
  if (/^arn:[\w-]+:states:[^:]*:\d+:activity:/.test(arn)) return { kind: 'activity', arn };
  const [, resourceType, action, pattern] = SERVICE.exec(arn) ?? [];
  if (!resourceType || !action) return undefined;
  return {
    kind: 'service',
    resourceType,
    resource: pattern ? `${action}.${pattern}` : action,
    action,
    pattern: (pattern as Pattern | undefined) ?? 'request',
  };
}
