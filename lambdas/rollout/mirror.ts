import { isSampled } from '../../domain/capture.ts';
import { type Comparison, type Copy, compare } from '../../domain/rollout/comparison.ts';
import type { Arm } from '../../domain/rollout/minute.ts';
import { headline } from '../../domain/rollout/row-difference.ts';
import type { CapturedRequests, LiveRequest } from '../shared/captured-requests.ts';
import type { Copied } from '../shared/copied-answer.ts';
import type { Minutes } from '../shared/request-log.ts';
import type { Traffic } from '../shared/traffic.ts';

export interface MirrorPorts {
  readonly requests: CapturedRequests;
  readonly traffic: Pick<Traffic, 'copy'>;
  /** The columns that the comparison is told by. */
  readonly sliceColumns: readonly string[];
}

/** Copies that one look sends at most: more than a decision needs, and seconds at the pace of a usual model. */
export const MOST_COPIES = 1_000;
const AT_ONCE = 8;
/** With a copy that takes its 40 s it stays below the 90 s of a look. */
const START_WITHIN_MS = 40_000;

/**
 * Gives the challenger copies of what callers asked the champion, and compares the answers. Callers have theirs long
 * since: nothing here is on their way. Both versions are counted on the very same requests, so that what befalls only
 * some requests cannot tell them apart.
 */
export async function mirror(
  rollout: { champion: string; challenger: string; share: number; comparison: Comparison },
  minutes: Minutes,
  { requests, traffic, sliceColumns: columns }: MirrorPorts,
): Promise<{ seen: Map<number, [Arm, Arm]>; comparison: Comparison }> {
  const captured = await requests.captured(rollout.champion, minutes, rollout.share);
  const thinned = (rollout.share * MOST_COPIES) / captured.length;
  const chosen = captured.length <= MOST_COPIES ? captured : captured.filter(({ id }) => isSampled(id, thinned));
  const answered = await copied(chosen, rollout.challenger, traffic);
  const copies = answered.map(([request, { challenger }]): Copy => {
    const { id: requestId, at, instances, predictions: champion } = request;
    return { requestId, at, instances, champion, challenger };
  });
  const leftOut = captured.length - copies.length;
  return { seen: armsOf(answered), comparison: compare(rollout.comparison, { copies, leftOut, columns }) };
}

/** What Lambda could not deliver, or could not in time, says nothing about the challenger and is left out. */
async function copied(requests: readonly LiveRequest[], challenger: string, traffic: Pick<Traffic, 'copy'>) {
  const until = performance.now() + START_WITHIN_MS;
  const answered: [LiveRequest, Copied][] = [];
  const waiting = requests.values();
  const lane = async () => {
    for (const request of waiting) {
      if (performance.now() > until) return;
      const answer = await traffic.copy(challenger, request.instances).catch(() => null);
      if (answer) answered.push([request, answer]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return answered;
}

function armsOf(answered: readonly [LiveRequest, Copied][]): Map<number, [Arm, Arm]> {
  const minutes = new Map<number, [LiveRequest, Copied][]>();
  for (const pair of answered) minutes.set(pair[0].minute, [...(minutes.get(pair[0].minute) ?? []), pair]);
  return new Map([...minutes].map(([minute, pairs]) => [minute, [challengerArm(pairs), championArm(pairs)]]));
}

type Pairs = readonly [LiveRequest, Copied][];

const challengerArm = (pairs: Pairs): Arm => ({
  requests: pairs.length,
  errors: pairs.filter(([, { challenger }]) => 'failure' in challenger).length,
  // A part of a request is quicker than the whole.
  latenciesMs: known(pairs.map(([{ partial }, { latencyMs }]) => (partial ? null : latencyMs))),
  predictions: pairs.flatMap(([, { challenger }]) => ('failure' in challenger ? [] : firstOf(challenger))),
});

/** The champion has answered them all: what it failed at is not captured. */
const championArm = (pairs: Pairs): Arm => ({
  requests: pairs.length,
  errors: 0,
  latenciesMs: known(pairs.map(([{ partial, latencyMs }]) => (partial ? null : latencyMs))),
  predictions: pairs.flatMap(([{ predictions }, { challenger }]) =>
    'failure' in challenger ? [] : firstOf(predictions),
  ),
});

const known = (latencies: readonly (number | null)[]) => latencies.filter((latency) => latency !== null);

/** Rows of one caller are alike: one of a request counts. */
const firstOf = (predictions: readonly Parameters<typeof headline>[0][]) => predictions.slice(0, 1).map(headline);
