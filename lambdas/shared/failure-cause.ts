/** What a person reads of a failure: Lambda's cause is a JSON text with the message in it. */
export function messageOf(cause: string): string {
  try {
    return (JSON.parse(cause) as { errorMessage?: string }).errorMessage ?? cause;
  } catch {
    return cause;
  }
}
