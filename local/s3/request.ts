import type { Readable } from 'node:stream';
import type { AccessRequest } from '../iam/principal.ts';
import type { Call, CloudContext } from '../kernel/service.ts';
import type { Bodies } from './bodies.ts';
import type { ObjectEvents } from './events.ts';
import type { S3State } from './state.ts';
import type { XmlContent } from './xml.ts';

/** What operations work with. */
export interface S3 {
  readonly context: CloudContext;
  readonly state: S3State;
  readonly bodies: Bodies;
  readonly events: ObjectEvents;
}

/** A request in S3's own terms, from the wire or from another service. */
export interface S3Request {
  readonly method: string;
  /** Empty for ListBuckets. */
  readonly bucket: string;
  /** Decoded; empty for what concerns a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
  /** Reads a small body, usually a document. */
  bytes(): Promise<Buffer>;
  readonly call: Call;
}

export interface S3Answer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Readable | string;
  /** A document instead of a body: written as XML, or given as it is to a caller within the cloud. */
  readonly document?: { readonly root: string; readonly content: XmlContent };
}

/** One operation: what the caller must be allowed, then what happens. */
export interface S3Operation {
  access(s3: S3, request: S3Request): AccessRequest[];
  handle(s3: S3, request: S3Request): S3Answer | Promise<S3Answer>;
}
