import * as z from 'zod';

/** How a caller reached the function; the answer has the same shape. */
export type Source = 'url' | 'invoke';

/** A request that cannot be answered, with what the caller is told. */
export class BadRequest extends Error {
  readonly statusCode: number;
  readonly code: string;

  constructor(statusCode: number, code: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.code = code;
  }
}

/**
 * More instances in one request would outgrow the 6 MB of a Lambda answer for a problem of a hundred classes:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MAX_INSTANCES = 1_000;

/** Function URL events (payload format 2.0) carry an HTTP request; anything else is the payload of a direct invocation. */
const urlEvent = z.object({
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

export const sourceOf = (event: unknown): Source => (urlEvent.safeParse(event).success ? 'url' : 'invoke');

/** The instances of an event; throws {@link BadRequest} with a message for the person who sent it. */
export function readInstances(event: unknown): readonly unknown[] {
  const url = urlEvent.safeParse(event);
  const payload = url.success ? readBody(url.data) : event;
  const { instances } = (payload ?? {}) as { instances?: unknown };
  if (!Array.isArray(instances)) throw invalid('expected an object with a list "instances": {"instances":[{...}]}');
  if (instances.length === 0) throw invalid('expected at least one instance, "instances" is empty');
  if (instances.length > MAX_INSTANCES)
    throw new BadRequest(
      413,
      'TooManyInstances',
      `expected at most ${MAX_INSTANCES} instances in a request, current count is ${instances.length}`,
    );
  return instances;
}

function readBody({ requestContext, body, isBase64Encoded }: z.infer<typeof urlEvent>): unknown {
  const { method } = requestContext.http;
  if (method !== 'POST') throw new BadRequest(405, 'MethodNotAllowed', `expected POST, current method is ${method}`);
  if (!body) throw invalid('expected a JSON body, the request has none');
  try {
    return JSON.parse(isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body);
  } catch {
    throw invalid('the body is not JSON');
  }
}

const invalid = (message: string) => new BadRequest(400, 'InvalidRequest', message);
