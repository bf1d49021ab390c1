import * as z from 'zod';

/** A record whose keys come from data. `z.record` drops a key `__proto__`; a column or a class may be called that. */
export function byName<S extends z.ZodType>(value: S) {
  return z
    .custom<Record<string, z.input<S>>>(isRecord, { error: 'expected an object' })
    .transform((record, context): Record<string, z.output<S>> => {
      const entries = Object.entries(record).map(([name, input]) => {
        const parsed = value.safeParse(input);
        if (parsed.success) return [name, parsed.data] as const;
        for (const { message, path } of parsed.error.issues)
          context.addIssue({ code: 'custom', message, path: [name, ...path] });
        return [name, undefined] as const;
      });
      // `fromEntries` defines properties where an assignment would set the prototype.
      return Object.fromEntries(entries) as Record<string, z.output<S>>;
    });
}

const isRecord = (input: unknown) => typeof input === 'object' && input !== null && !Array.isArray(input);
