import type { CloudContext } from '../kernel/service.ts';
import type { S3State } from './state.ts';

export type CreatedReason = 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';

/** The object that an event is about. */
export interface EventObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly etag?: string;
  readonly size?: number;
  readonly sequencer?: string;
}

/**
 * Tells EventBridge what happens to the objects of buckets that ask for it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export class ObjectEvents {
  readonly #context: CloudContext;
  readonly #state: S3State;
  #last = 0n;

  constructor(context: CloudContext, state: S3State) {
    this.#context = context;
    this.#state = state;
    for (const { versions } of state.objects()) {
      for (const { sequencer } of versions) this.#last = max(this.#last, BigInt(`0x${sequencer}`));
    }
  }

  /** Larger than any before, for every key, also after a restart at an earlier time. Hexadecimal, always of one length. */
  nextSequencer(): string {
    this.#last = max(this.#last + 1n, BigInt(this.#context.clock.now()) << 20n);
    return this.#last.toString(16).toUpperCase().padStart(18, '0');
  }

  created(object: EventObject, reason: CreatedReason, requestId: string): void {
    this.#put('Object Created', object, requestId, { reason });
  }

  deleted(object: EventObject, options: { requestId: string; marker: boolean; reason: string }): void {
    this.#put('Object Deleted', object, options.requestId, {
      reason: options.reason,
      'deletion-type': options.marker ? 'Delete Marker Created' : 'Permanently Deleted',
    });
  }

  tagged(object: EventObject, added: boolean, requestId: string): void {
    this.#put(added ? 'Object Tags Added' : 'Object Tags Deleted', object, requestId, {});
  }

  #put(detailType: string, object: EventObject, requestId: string, more: Record<string, string>): void {
    const bucket = this.#state.bucket(object.bucket);
    if (!bucket.eventBridge) return;
    this.#context.putServiceEvent({
      source: 'aws.s3',
      detailType,
      resources: [`arn:aws:s3:::${object.bucket}`],
      detail: {
        version: '0',
        bucket: { name: object.bucket },
        object: {
          key: object.key,
          ...(object.size === undefined ? {} : { size: object.size }),
          ...(object.etag === undefined ? {} : { etag: object.etag }),
          ...(bucket.versioning && object.versionId ? { 'version-id': object.versionId } : {}),
          ...(object.sequencer ? { sequencer: object.sequencer } : {}),
        },
        'request-id': requestId,
        requester: this.#context.account,
        'source-ip-address': '127.0.0.1',
        ...more,
      },
    });
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
