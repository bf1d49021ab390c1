import { isSampled } from '../../domain/capture.ts';
import { Conflict } from '../../domain/errors.ts';
import type { Arm } from '../../domain/rollout/minute.ts';
import type { CapturedRequests, LiveRequest } from '../../lambdas/shared/captured-requests.ts';
import type { Copied } from '../../lambdas/shared/copied-answer.ts';
import type { LiveRequests } from '../../lambdas/shared/live-requests.ts';
import type { LiveTraffic, Traffic } from '../../lambdas/shared/traffic.ts';

/** The prediction function without AWS: its published versions and where its alias points. */
export class MemoryTraffic implements Traffic {
  readonly published: string[] = ['first'];
  deployed = 'code-1';
  readonly #codes = new Map<string, string>();
  alias = { functionVersion: '1', weights: {} as Record<string, number>, revision: 1 };

  /** Where the alias sends its traffic. */
  pointed() {
    const { functionVersion, weights } = this.alias;
    return { functionVersion, weights };
  }

  publish: Traffic['publish'] = async ({ version }) => {
    const name = `model version ${version}, ${this.deployed}`;
    if (!this.published.includes(name)) this.published.push(name);
    const functionVersion = String(this.published.indexOf(name) + 1);
    this.#codes.set(functionVersion, this.deployed);
    return { functionVersion, code: this.deployed };
  };
  code: Traffic['code'] = async (functionVersion) =>
    functionVersion === undefined ? this.deployed : (this.#codes.get(functionVersion) ?? '');
  predict: Traffic['predict'] = async () => ({ predictions: [] });
  copies: (functionVersion: string, instances: readonly unknown[]) => Copied = () => ({
    challenger: { failure: 'nobody said what it answers' },
    latencyMs: null,
  });
  copy: Traffic['copy'] = async (functionVersion, instances) => this.copies(functionVersion, instances);
  live = async (): Promise<LiveTraffic> => {
    const { functionVersion, weights, revision } = this.alias;
    return { functionVersion, weights, revisionId: String(revision) };
  };
  pointTo: Traffic['pointTo'] = async (functionVersion, { revisionId }, share) => {
    if (revisionId !== String(this.alias.revision)) throw new Conflict('the alias was moved');
    const weights = share ? { [share.functionVersion]: share.weight } : {};
    this.alias = { functionVersion, weights, revision: this.alias.revision + 1 };
  };
}

/** Live requests as a function of the minute; `on` are the alarms. */
export class MemoryRequests implements LiveRequests, CapturedRequests {
  on: string[] = [];
  /** What a function version answers in a minute. */
  answers: (functionVersion: string) => Partial<Arm> = () => ({});

  seen: LiveRequests['seen'] = async (functionVersions, { from, to }) =>
    new Map(
      Array.from({ length: Math.max(0, to - from) }, (_, index) => [
        from + index,
        functionVersions.map((version) => ({
          requests: 0,
          errors: 0,
          latenciesMs: [],
          predictions: [],
          ...this.answers(version),
        })),
      ]),
    );
  /** What callers asked in a minute and were answered. */
  asked: (minute: number) => LiveRequest[] = () => [];
  captured: CapturedRequests['captured'] = async (_functionVersion, { from, to }, share) =>
    Array.from({ length: Math.max(0, to - from) }, (_, index) => this.asked(from + index))
      .flat()
      .filter(({ id }) => isSampled(id, share));
  alarms: LiveRequests['alarms'] = async () => this.on;
}
