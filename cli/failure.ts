import { CliError } from './io.ts';

/** Why a command ended without a result, for a person and for `--json`. */
export interface Failure {
  readonly exitCode: 1 | 2 | 3;
  readonly message: string;
  readonly hint?: string;
  readonly details?: object;
}

/** Says in words what an AWS client, the host or a command threw. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) {
    const { exitCode, message, hint, details } = error;
    return { exitCode, message, hint, details };
  }
  const { name = '', message = String(error), code = '' } = error as Partial<Error> & { code?: string };
  const text = `${name} ${code} ${message}`;
  const known = KNOWN.find(({ pattern }) => pattern.test(text));
  return known ? { ...known.failure(message || name) } : { exitCode: 1, message: message || name };
}

const LOCAL_CLOUD = 'For a local cloud run `npx sluice local` and set the exports that it prints.';

/** What AWS clients throw when the environment names no cloud, a wrong one, or one that is not there. */
const KNOWN: readonly { pattern: RegExp; failure(message: string): Failure }[] = [
  {
    pattern: /Region is missing/,
    failure: () => ({
      exitCode: 2,
      message: 'The AWS environment is not set: AWS_REGION is missing',
      hint: `${LOCAL_CLOUD} For an account, set AWS_REGION and credentials, or AWS_PROFILE.`,
    }),
  },
  {
    pattern: /CredentialsProviderError|Could not load credentials/,
    failure: () => ({
      exitCode: 2,
      message: 'The AWS environment is not set: there are no credentials',
      hint: `${LOCAL_CLOUD} For an account, set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`,
    }),
  },
  {
    pattern: /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ECONNRESET|TimeoutError|ETIMEDOUT/,
    failure: (message) => ({
      exitCode: 1,
      message: `Nothing answers at ${process.env.AWS_ENDPOINT_URL ?? 'AWS'} (${message})`,
      hint: `Is it still running? ${LOCAL_CLOUD}`,
    }),
  },
  {
    pattern: /ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch/,
    failure: (message) => ({ exitCode: 2, message: `AWS does not accept the credentials: ${message}` }),
  },
];
