import { InvokeCommand } from '@aws-sdk/client-lambda';
import { modelNamed } from '../../cli/environment.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import type { Story } from './story.ts';

export interface Answered {
  readonly functionVersion: string;
  readonly failed: boolean;
}

/** How many requests are on their way at once. */
const AT_ONCE = 6;
const BURST_MS = 15_000;

/** Callers of a model, who send so many requests in every minute of the cloud's time until `until` says it is enough. */
export async function liveTraffic(
  story: Story,
  model: string,
  options: { perMinute: number; instance: (index: number) => object; until: () => Promise<boolean> },
): Promise<Answered[]> {
  const { predictFunctionName: FunctionName } = modelNamed(story.environment, model);
  const answers: Answered[] = [];
  const burst = Math.round((options.perMinute * BURST_MS) / 60_000);
  let sent = 0;
  const one = async () => {
    const { ExecutedVersion = '', FunctionError } = await story.lambda.send(
      new InvokeCommand({
        FunctionName,
        Qualifier: LIVE_ALIAS,
        Payload: Buffer.from(JSON.stringify({ instances: [options.instance(sent++)] })),
      }),
    );
    answers.push({ functionVersion: ExecutedVersion, failed: FunctionError !== undefined });
  };
  await story.cloud.clock.run(`traffic of ${model}`, async (work) => {
    while (!(await options.until())) {
      const lanes = Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (let request = lane; request < burst; request += AT_ONCE) await one();
      });
      await Promise.all(lanes);
      await work.sleep(BURST_MS);
    }
  });
  return answers;
}
