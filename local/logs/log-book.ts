import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import { requireGroupKey } from './group-key.ts';

export interface LogGroup {
  readonly name: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly retentionDays: number | null;
  readonly kmsKeyId: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface LogStream {
  readonly group: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface LogEvent {
  /** ms since the epoch */
  readonly timestamp: number;
  readonly message: string;
  readonly ingestionTime: number;
}

/** An event with its place in its stream, which never changes. */
export interface StoredEvent extends LogEvent {
  readonly position: number;
}

/** Log groups and streams; the events of a stream are lines of a file, read when somebody asks. */
export class LogBook {
  readonly groups: Collection<LogGroup>;
  readonly #streams: Collection<LogStream>;
  readonly #folder: string;
  /** How many events a stream has, by its key; counted when first asked. */
  readonly #lengths = new Map<string, number>();
  readonly context: CloudContext;
  #onGroupDeleted: (group: string) => void = () => undefined;

  constructor(context: CloudContext) {
    this.context = context;
    this.groups = context.store.collection('logs.groups');
    this.#streams = context.store.collection('logs.streams');
    this.#folder = context.store.folder('logs');
  }

  arnOf(group: string): string {
    return `arn:${this.context.partition}:logs:${this.context.region}:${this.context.account}:log-group:${group}`;
  }

  createGroup(name: string, options: Partial<Pick<LogGroup, 'retentionDays' | 'kmsKeyId' | 'tags'>> = {}): LogGroup {
    if (!/^[\w.\-/#]{1,512}$/.test(name)) {
      throw new AwsError(
        'InvalidParameterException',
        `1 validation error detected: Value '${name}' at 'logGroupName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+`,
      );
    }
    if (this.groups.has(name)) throw exists('log group');
    if (options.kmsKeyId) requireGroupKey(this.context, this.arnOf(name), options.kmsKeyId);
    const createdAt = this.context.clock.now();
    const group = {
      name,
      arn: `${this.arnOf(name)}:*`,
      createdAt,
      retentionDays: null,
      kmsKeyId: null,
      tags: {},
      ...options,
    };
    this.groups.set(name, group);
    return group;
  }

  group(name: unknown): LogGroup {
    const group = this.groups.get(String(name));
    if (!group) throw notFound('log group');
    return group;
  }

  change(name: string, change: Partial<Pick<LogGroup, 'retentionDays' | 'kmsKeyId' | 'tags'>>): LogGroup {
    const group = this.group(name);
    if (change.kmsKeyId && change.kmsKeyId !== group.kmsKeyId) {
      requireGroupKey(this.context, this.arnOf(name), change.kmsKeyId);
    }
    const changed = { ...group, ...change };
    this.groups.set(name, changed);
    return changed;
  }

  /** Is told of every group that is about to go. */
  onGroupDeleted(listener: (group: string) => void): void {
    this.#onGroupDeleted = listener;
  }

  deleteGroup(name: string): void {
    this.group(name);
    this.#onGroupDeleted(name);
    for (const stream of this.streams(name)) this.deleteStream(name, stream.name);
    this.groups.delete(name);
  }

  createStream(group: string, name: string): void {
    this.group(group);
    if (this.#streams.has(keyOf(group, name))) throw exists('log stream');
    this.#streams.set(keyOf(group, name), { group, name, createdAt: this.context.clock.now() });
  }

  hasStream(group: string, name: string): boolean {
    return this.#streams.has(keyOf(group, name));
  }

  deleteStream(group: string, name: string): void {
    if (!this.#streams.delete(keyOf(group, name))) throw notFound('log stream');
    this.#lengths.delete(keyOf(group, name));
    rmSync(this.#file(group, name), { force: true });
  }

  streams(group: string): LogStream[] {
    return [...this.#streams.values()].filter((stream) => stream.group === group);
  }

  /** Writes events to the end of a stream; they come back with their places. */
  append(group: string, stream: string, events: readonly LogEvent[]): StoredEvent[] {
    if (!this.hasStream(group, stream)) throw notFound('log stream');
    const key = keyOf(group, stream);
    const start = this.#lengths.get(key) ?? this.#lines(group, stream).length;
    appendFileSync(this.#file(group, stream), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    this.#lengths.set(key, start + events.length);
    return events.map((event, index) => ({ ...event, position: start + index }));
  }

  /** The events of a stream by time, without those that are older than the group keeps. */
  events(group: string, stream: string): StoredEvent[] {
    const { retentionDays } = this.group(group);
    if (!this.hasStream(group, stream)) throw notFound('log stream');
    const oldest = retentionDays === null ? 0 : this.context.clock.now() - retentionDays * 86_400_000;
    const events = this.#lines(group, stream).map((line, position) => ({
      ...(JSON.parse(line) as LogEvent),
      position,
    }));
    return events.filter(({ timestamp }) => timestamp >= oldest).sort((a, b) => a.timestamp - b.timestamp);
  }

  #lines(group: string, stream: string): string[] {
    const file = this.#file(group, stream);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  }

  #file(group: string, stream: string): string {
    return join(this.#folder, createHash('sha256').update(keyOf(group, stream)).digest('hex').slice(0, 32));
  }
}

const keyOf = (group: string, stream: string) => JSON.stringify([group, stream]);

const notFound = (what: string) => new AwsError('ResourceNotFoundException', `The specified ${what} does not exist.`);
const exists = (what: string) => new AwsError('ResourceAlreadyExistsException', `The specified ${what} already exists`);
