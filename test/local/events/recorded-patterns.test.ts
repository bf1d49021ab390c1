import { existsSync, readFileSync } from 'node:fs';
import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventsService } from '../../../local/events/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

const RECORDED = new URL('../../../../shared/asl/eventbridge-patterns.jsonl', import.meta.url);

interface RecordedCase {
  readonly id: string;
  readonly pattern: unknown;
  readonly event: unknown;
  readonly expected: { match: boolean | null; error?: { Code: string; Message: string } };
}

describe.skipIf(!existsSync(RECORDED))(
  'event patterns recorded from the real service (skipped where the recordings are absent)',
  () => {
    let cloud: TestKernel;
    beforeAll(async () => {
      cloud = await startKernel({ services: [eventsService] });
    });
    afterAll(() => cloud.stop());

    const lines = existsSync(RECORDED) ? readFileSync(RECORDED, 'utf8').trim().split('\n') : [];
    const cases = lines.map((line) => JSON.parse(line) as RecordedCase);
    test.each(cases.map((recorded) => [recorded.id, recorded] as const))('%s', async (_id, recorded) => {
      const { pattern, event, expected } = recorded;
      const input = { EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) };
      const answer = new EventBridgeClient(cloud.client).send(new TestEventPatternCommand(input));
      if (expected.error) {
        const { Code: name, Message: message } = expected.error;
        await expect(answer).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
      } else {
        expect((await answer).Result).toBe(expected.match);
      }
    });
  },
);
