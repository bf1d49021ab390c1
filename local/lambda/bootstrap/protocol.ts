/** What the service and the process that runs a function say to each other over the process's IPC channel. */

/** Given to the process at its start, as its only argument. */
export interface BootstrapOptions {
  /** What to add to the host's clock to get the cloud's time, in ms. */
  readonly clockOffset: number;
  readonly logFormat: 'Text' | 'JSON';
  /** Where Node keeps the compiled code of handlers, for the next start. */
  readonly compileCache: string;
  /** Where code and layers stand. What lies beside or above it, the project of whoever runs the cloud, is not theirs to load. */
  readonly sandboxRoot: string;
}

export interface InvokeMessage {
  readonly requestId: string;
  /** JSON, as the caller sent it. */
  readonly payload: string;
  readonly invokedFunctionArn: string;
  readonly timeoutMs: number;
  readonly clockOffset: number;
  readonly traceId: string;
  readonly clientContext?: unknown;
}

export interface ErrorDocument {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type RuntimeMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly error: ErrorDocument }
  | { readonly kind: 'response'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'error'; readonly requestId: string; readonly error: ErrorDocument };

/**
 * Ends the output of an invocation on stdout and on stderr, so that its log is complete before its answer counts: answer and
 * output travel on different pipes.
 */
export const endOfOutput = (requestId: string) => `\0end ${requestId}\n`;
