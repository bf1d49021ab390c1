/** An answer that AWS gives as an error: code, message and HTTP status as the service documents them. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Members beside code and message that the service's error shape carries, e.g. `CancellationReasons`. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The code that the service's retired query protocol had, sent as `x-amzn-query-error` (SQS). */
  readonly queryCode: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { status?: number; details?: Record<string, unknown>; queryCode?: string } = {},
  ) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = options.status ?? 400;
    this.details = options.details ?? {};
    this.queryCode = options.queryCode;
  }
}

/**
 * Something that the local cloud does not implement. It is never skipped: the caller, or the deployment, stops with its name.
 */
export class Unsupported extends AwsError {
  constructor(what: string, options: { hint?: string } = {}) {
    super(
      'LocalCloudUnsupported',
      `The local cloud does not implement ${what}.${options.hint ? ` ${options.hint}` : ''}`,
      {
        status: 501,
      },
    );
  }
}

/** What a caller without the permission sees. */
export class AccessDenied extends AwsError {
  constructor(message: string, options: { code?: string } = {}) {
    super(options.code ?? 'AccessDeniedException', message, { status: 403 });
  }
}
