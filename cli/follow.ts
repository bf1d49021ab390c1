import { GetExecutionHistoryCommand, type HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import type { RunItem, Upload } from '../domain/registry-items.ts';
import type { Registry } from '../lambdas/shared/registry.ts';
import { CLIENT_DEFAULTS } from './environment.ts';

/** How an upload ended, or that its version waits for a person now. */
export interface Followed {
  readonly status: Upload['status'] | 'AWAITING_APPROVAL';
  readonly upload: Upload;
  readonly run: RunItem | null;
}

export interface FollowPorts {
  readonly registry: Registry;
  /** Names of the states that a run has entered so far, in order. */
  statesOf(executionArn: string): Promise<{ name: string; at: Date }[]>;
  progress(line: string): void;
  pause(): Promise<void>;
  /** Milliseconds of the host, to give up where nothing ever happens. */
  now(): number;
}

/** Training can take a Lambda's fifteen minutes a learner, behind one run that is already going. */
const GIVE_UP_MS = 60 * 60_000;

/** Follows one upload from the first event to its outcome, telling each state of its run as it is entered. */
export async function follow(uploadId: string, ports: FollowPorts): Promise<Followed | null> {
  const deadline = ports.now() + GIVE_UP_MS;
  let told = 0;
  let waiting = false;
  while (ports.now() < deadline) {
    const upload = await ports.registry.upload(uploadId);
    const run = upload?.runId ? await ports.registry.run(upload.runId) : null;
    if (upload?.status === 'PENDING' && !waiting) {
      waiting = true;
      ports.progress(`accepted as run ${upload.runId}`);
    }
    if (run?.executionArn && upload?.status !== 'DUPLICATE') {
      const states = await ports.statesOf(run.executionArn);
      for (const { name } of states.slice(told)) ports.progress(`  ${name}`);
      told = Math.max(told, states.length);
    }
    if (upload && upload.settledAt !== null) return { status: upload.status, upload, run };
    if (upload && run?.version) {
      const approval = await ports.registry.approval(run.version);
      if (approval?.status === 'WAITING') return { status: 'AWAITING_APPROVAL', upload, run };
    }
    await ports.pause();
  }
  return null;
}

/** The states of an execution, from its history. */
export function historyReader(client: SFNClient = new SFNClient(CLIENT_DEFAULTS)): FollowPorts['statesOf'] {
  return async (executionArn) => {
    const events: HistoryEvent[] = [];
    let nextToken: string | undefined;
    do {
      const page = await client.send(
        new GetExecutionHistoryCommand({ executionArn, nextToken, includeExecutionData: false, maxResults: 1000 }),
      );
      events.push(...(page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return events.flatMap(({ stateEnteredEventDetails, timestamp }) =>
      stateEnteredEventDetails?.name && timestamp ? [{ name: stateEnteredEventDetails.name, at: timestamp }] : [],
    );
  };
}
