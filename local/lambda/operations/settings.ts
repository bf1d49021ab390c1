import type { Document, Operation } from '../../kernel/service.ts';
import { lambdaError } from '../errors.ts';
import { type LambdaState, parseReference, referenceOf } from '../state.ts';

/** What belongs to a function and to none of its versions: reserved concurrency and tags. */
export function settingOperations(state: LambdaState): Record<string, Operation> {
  const access =
    (action: string, name = (input: Document) => referenceOf(input).name) =>
    (input: Document) => [{ action: `lambda:${action}`, resource: state.arn(name(input)) }];
  const tagged = (input: Document) => parseReference(input.Resource).name;
  return {
    PutFunctionConcurrency: {
      access: access('PutFunctionConcurrency'),
      async handle(input) {
        const limit = reserveConcurrency(state, referenceOf(input).name, input.ReservedConcurrentExecutions);
        return { ReservedConcurrentExecutions: limit };
      },
    },
    GetFunctionConcurrency: {
      access: access('GetFunctionConcurrency'),
      async handle(input) {
        const { reservedConcurrency } = state.function(referenceOf(input).name);
        return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
      },
    },
    DeleteFunctionConcurrency: {
      access: access('DeleteFunctionConcurrency'),
      async handle(input) {
        reserveConcurrency(state, referenceOf(input).name, undefined);
        return {};
      },
    },
    TagResource: {
      access: access('TagResource', tagged),
      async handle(input) {
        const record = state.function(tagged(input));
        const tags = { ...record.tags, ...(input.Tags as Record<string, string>) };
        state.functions.set(record.name, { ...record, tags });
        return {};
      },
    },
    UntagResource: {
      access: access('UntagResource', tagged),
      async handle(input) {
        const record = state.function(tagged(input));
        const gone = (input.TagKeys ?? []) as string[];
        const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !gone.includes(key)));
        state.functions.set(record.name, { ...record, tags });
        return {};
      },
    },
    ListTags: {
      access: access('ListTags', tagged),
      handle: async (input) => ({ Tags: state.function(tagged(input)).tags }),
    },
  };
}

/** Sets how many sandboxes a function may use at once, all versions together; undefined takes the limit away. */
export function reserveConcurrency(state: LambdaState, name: string, limit: unknown): number | undefined {
  const { reservedConcurrency: _, ...record } = state.function(name);
  if (limit === undefined) {
    state.functions.set(name, record);
    return undefined;
  }
  const reservedConcurrency = Number(limit);
  if (!Number.isInteger(reservedConcurrency) || reservedConcurrency < 0) {
    throw lambdaError.invalid(
      `ReservedConcurrentExecutions must be a whole number of at least 0, not ${String(limit)}`,
    );
  }
  state.functions.set(name, { ...record, reservedConcurrency });
  return reservedConcurrency;
}
