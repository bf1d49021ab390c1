/** One thing that is wrong with a definition, as ValidateStateMachineDefinition words it. */
export interface Diagnostic {
  readonly severity: 'ERROR' | 'WARNING';
  readonly code: string;
  readonly message: string;
  readonly location?: string;
}

export type Report = (code: string, message: string, location?: string) => void;

/** The definition's problems in one line, as CreateStateMachine words them. */
export function describeDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(({ code, message, location }) => `${code}: ${message} at ${location ?? 'null'}`).join(', ');
}
