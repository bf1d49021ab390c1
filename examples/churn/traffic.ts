import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Clock } from '../../local/kernel/clock.ts';

/** What became of one request. */
export interface Answered {
  /** The function version that answered. */
  readonly functionVersion: string;
  readonly failed: boolean;
}

export interface TrafficOptions {
  /** Requests in a minute of the cloud's time. */
  readonly perMinute: number;
  /** What the n-th request asks about. */
  instance(index: number): object;
  /** Asked before each burst of requests whether it is enough. */
  until(): Promise<boolean>;
}

/** How many requests are on their way at once. */
const AT_ONCE = 6;
const BURST_MS = 15_000;

/** Callers of a model, who go on until it is enough; a caller whose request fails goes on too. */
export async function liveTraffic(
  { clock, lambda }: { clock: Clock; lambda: LambdaClient },
  FunctionName: string,
  { perMinute, instance, until }: TrafficOptions,
): Promise<Answered[]> {
  const answers: Answered[] = [];
  const burst = Math.round((perMinute * BURST_MS) / 60_000);
  let sent = 0;
  const one = async () => {
    const Payload = Buffer.from(JSON.stringify({ instances: [instance(sent++)] }));
    const answer = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: LIVE_ALIAS, Payload }));
    answers.push({ functionVersion: answer.ExecutedVersion ?? '', failed: answer.FunctionError !== undefined });
  };
  await clock.run(`traffic of ${FunctionName}`, async (work) => {
    while (!(await until())) {
      const lanes = Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (let request = lane; request < burst; request += AT_ONCE) await one();
      });
      await Promise.all(lanes);
      await work.sleep(BURST_MS);
    }
  });
  return answers;
}
