import { InvalidArtifact } from '../../domain/errors.ts';
import type { Run } from '../../domain/flow.ts';
import { namedModelConfigSchema } from '../../domain/model-config.ts';
import { type IntakeSettings, intake } from '../../lambdas/intake/intake.ts';
import type { ObjectCreated } from '../../lambdas/intake/object-event.ts';
import type { Announcement } from '../../lambdas/shared/announcements.ts';
import { MemoryRegistry } from './memory-registry.ts';

/** A model's control plane without AWS: uploads by key and version, executions and announcements as lists. */
export class ControlPlane {
  readonly registry = new MemoryRegistry('churn');
  readonly started: Run[] = [];
  readonly told: (Announcement & { id: string; status: string })[] = [];
  readonly #objects = new Map<string, string>();
  #sequence = 0;

  readonly settings: IntakeSettings = {
    config: namedModelConfigSchema.parse({ name: 'churn', problem: { kind: 'binary', target: 'churned' } }),
    dataBucket: 'data',
    codeCommit: 'c0ffee',
  };

  readonly ports = {
    registry: this.registry,
    uploads: {
      open: async (key: string, versionId?: string) => {
        const version =
          versionId ??
          [...this.#objects.keys()]
            .filter((name) => name.startsWith(`${key}@`))
            .at(-1)
            ?.split('@')[1];
        const content = this.#objects.get(`${key}@${version}`);
        if (content === undefined || version === undefined) throw new InvalidArtifact(`${key} is gone`);
        const bytes = Buffer.from(content);
        return { versionId: version, bytes: bytes.length, body: [bytes] as unknown as AsyncIterable<Uint8Array> };
      },
    },
    executions: {
      start: async (run: Run) => {
        if (!this.started.some(({ runId }) => runId === run.runId)) this.started.push(run);
        return { executionArn: `arn:${run.runId}` };
      },
      status: async (runId: string) => (this.started.some((run) => run.runId === runId) ? 'RUNNING' : null),
    },
    announcer: {
      artifactBucket: 'artifacts',
      announce: async (id: string, announcement: Announcement, facts: Record<string, string>) => {
        this.told.push({ id, ...announcement, status: facts.status ?? '' });
      },
    },
    now: () => new Date(Date.UTC(2026, 2, 1) + this.#sequence * 1000).toISOString(),
  };

  /** Stores an object and gives the event that S3 would send. */
  put(key: string, content: string): ObjectCreated {
    this.#sequence += 1;
    const versionId = `v${this.#sequence}`;
    this.#objects.set(`${key}@${versionId}`, content);
    return {
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '000000000000',
      time: this.ports.now(),
      detail: {
        bucket: { name: 'data' },
        object: {
          key,
          size: content.length,
          'version-id': versionId,
          sequencer: `00${this.#sequence.toString(16).padStart(6, '0')}`,
        },
      },
    };
  }

  remove(event: ObjectCreated): void {
    this.#objects.delete(`${event.detail.object.key}@${event.detail.object['version-id']}`);
  }

  take(event: ObjectCreated) {
    return intake(event, this.ports, this.settings);
  }
}
