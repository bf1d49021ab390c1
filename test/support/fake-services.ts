import type { AccessRequest } from '../../local/iam/principal.ts';
import type { ServiceFactory } from '../../local/kernel/cloud.ts';
import { AwsError } from '../../local/kernel/errors.ts';
import type { Call, Document } from '../../local/kernel/service.ts';

export interface FakeCall {
  readonly action: string;
  readonly input: Document;
  readonly principal: Call['principal'];
  /** The cloud's time, ms since the epoch. */
  readonly at: number;
}

export interface FakeService {
  readonly factory: ServiceFactory;
  readonly calls: FakeCall[];
  /** What the next calls meet, in turn; afterwards they succeed. */
  readonly failures: AwsError[];
  /** Whether every call fails, until it is set to undefined. */
  broken: AwsError | undefined;
}

/** A service with one or more actions that remembers its calls and fails as it is told to. */
export function fakeService(
  name: string,
  actions: string | readonly string[],
  access: (input: Document) => AccessRequest[] = () => [],
): FakeService {
  const fake: FakeService = {
    calls: [],
    failures: [],
    broken: undefined,
    factory: ({ clock }) => ({
      name,
      operations: Object.fromEntries(
        [actions].flat().map((action) => [
          action,
          {
            access,
            async handle(input, { principal }) {
              fake.calls.push({ action, input, principal, at: clock.now() });
              const failure = fake.failures.shift() ?? fake.broken;
              if (failure) throw failure;
              return {};
            },
          },
        ]),
      ),
    }),
  };
  return fake;
}

/** A target that is there and cannot now: what callers try again. */
export const unavailable = () => new AwsError('ServiceException', 'An error occurred', { status: 500 });
