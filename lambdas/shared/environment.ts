import * as z from 'zod';
import { type NamedModelConfig, namedModelConfigSchema } from '../../domain/model-config.ts';

/**
 * Reads a handler's environment once, at cold start. A variable that is missing or malformed fails the init phase with the
 * variable's name, before any event is taken.
 */
export function readEnvironment<Shape extends z.ZodRawShape>(shape: Shape): z.infer<z.ZodObject<Shape>> {
  const parsed = z.object(shape).safeParse(process.env);
  if (parsed.success) return parsed.data;
  throw new TypeError(`The function's environment is not as deployed by Sluice: ${z.prettifyError(parsed.error)}`);
}

/** A variable that holds JSON. */
export const jsonVariable = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text, context): unknown => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'expected JSON' });
        return z.NEVER;
      }
    })
    .pipe(schema);

/** The variable `MODEL_CONFIG`: the model's settings as JSON. */
export const modelConfigVariable = z.string().transform((text, context): NamedModelConfig => {
  try {
    return namedModelConfigSchema.parse(JSON.parse(text));
  } catch (cause) {
    context.addIssue({ code: 'custom', message: `not a model configuration: ${(cause as Error).message}` });
    return z.NEVER;
  }
});
