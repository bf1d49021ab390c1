import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { parser } from '@aws-lambda-powertools/parser/middleware';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import { logger, tracer } from './observability.ts';

/** The edge that every step of a state machine has: logged, traced, its input checked against the schema. */
export function taskHandler<Schema extends z.ZodType, Output>(
  schema: Schema,
  run: (input: z.infer<Schema>, context: Context) => Promise<Output>,
) {
  return middy<z.infer<Schema>, Output>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(captureLambdaHandler(tracer, { captureResponse: false }))
    .use(parser({ schema }))
    .handler((event, context) => run(event, context));
}
