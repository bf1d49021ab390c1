import { AwsError, Unsupported } from '../kernel/errors.ts';
import { checkTemplate, readPath, type TargetInput } from './input.ts';
import { isKnownTarget, needsRole, targetService } from './targets.ts';

export interface Target extends TargetInput {
  readonly Id: string;
  readonly Arn: string;
  readonly RoleArn?: string;
  readonly DeadLetterConfig?: { readonly Arn: string };
  readonly RetryPolicy?: {
    readonly MaximumRetryAttempts?: number | string;
    readonly MaximumEventAgeInSeconds?: number | string;
  };
  readonly SqsParameters?: { readonly MessageGroupId: string };
}

const FIELDS: ReadonlySet<string> = new Set([
  'Id',
  'Arn',
  'RoleArn',
  'Input',
  'InputPath',
  'InputTransformer',
  'DeadLetterConfig',
  'RetryPolicy',
  'SqsParameters',
]);

/** Refuses a target that EventBridge would refuse, and one with a parameter that would be ignored here. */
export function checkTarget(given: object): Target {
  const unknown = Object.keys(given).find((field) => !FIELDS.has(field));
  if (unknown) throw new Unsupported(`the parameter ${unknown} of an EventBridge target`);
  const target = given as Target;
  const { Id, Arn, Input, InputPath, InputTransformer } = target;
  if (!isKnownTarget(Arn)) throw new Unsupported(`EventBridge targets of the service "${targetService(Arn)}"`);
  if (needsRole(Arn) && !target.RoleArn) throw refusal(`RoleArn is required for target ${Arn}.`);
  if ([Input, InputPath, InputTransformer].filter((value) => value !== undefined).length > 1) {
    throw refusal(`Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`);
  }
  if (Input !== undefined && !isJson(Input)) throw refusal(`JSON syntax error in input for target ${Id}`);
  if (InputPath !== undefined) readPath({}, InputPath);
  if (InputTransformer && !checkTemplate(InputTransformer)) throw refusal(`Invalid InputTemplate for target ${Id}`);
  checkRetryPolicy(target);
  return target;
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html */
function checkRetryPolicy({ Id, RetryPolicy = {} }: Target): void {
  const { MaximumRetryAttempts: retries = 185, MaximumEventAgeInSeconds: age = 86_400 } = RetryPolicy;
  if (!(Number(retries) >= 0 && Number(retries) <= 185)) throw refusal(`Invalid MaximumRetryAttempts for target ${Id}`);
  if (!(Number(age) >= 60 && Number(age) <= 86_400)) throw refusal(`Invalid MaximumEventAgeInSeconds for target ${Id}`);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const refusal = (message: string) => new AwsError('ValidationException', message);
