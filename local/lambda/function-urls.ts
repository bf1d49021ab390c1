import { createHash } from 'node:crypto';
import { Unsupported } from '../kernel/errors.ts';
import type { Document } from '../kernel/service.ts';
import { lambdaError } from './errors.ts';
import { keyOf, type LambdaState, type UrlRecord } from './state.ts';

/** What a function URL's path begins with, on the cloud's one port. */
export const URL_PATH = '/lambda-url/';

/** Function URLs: one for a function or an alias, for signed callers only. */
export class FunctionUrls {
  readonly #state: LambdaState;

  constructor(state: LambdaState) {
    this.#state = state;
  }

  create(functionName: string, qualifier: string | undefined, input: Document): UrlRecord {
    this.#check(input);
    this.#state.resolve(functionName, qualifier);
    const key = keyOf(functionName, qualifier);
    if (this.#state.urls.has(key)) {
      throw lambdaError.conflict(
        `FunctionUrlConfig exists for this Lambda function: ${this.#state.arn(functionName, qualifier)}`,
      );
    }
    const now = this.#state.context.clock.now();
    return this.#save({
      id: this.#idOf(functionName, qualifier),
      functionName,
      ...(qualifier ? { qualifier } : {}),
      createdAt: now,
      modifiedAt: now,
    });
  }

  update(functionName: string, qualifier: string | undefined, input: Document): UrlRecord {
    this.#check(input);
    return this.#save({ ...this.get(functionName, qualifier), modifiedAt: this.#state.context.clock.now() });
  }

  get(functionName: string, qualifier: string | undefined): UrlRecord {
    const record = this.#state.urls.get(keyOf(functionName, qualifier));
    if (!record) throw lambdaError.notFound('The resource you requested does not exist.');
    return record;
  }

  delete(functionName: string, qualifier: string | undefined): void {
    this.#state.urls.delete(keyOf(functionName, qualifier));
  }

  byId(id: string): UrlRecord | undefined {
    return [...this.#state.urls.values()].find((record) => record.id === id);
  }

  urlOf({ id }: UrlRecord): string {
    return `${this.#state.context.endpoint()}${URL_PATH}${id}/`;
  }

  describe(record: UrlRecord): Document {
    const time = (ms: number) => new Date(ms).toISOString();
    return {
      FunctionUrl: this.urlOf(record),
      FunctionArn: this.#state.arn(record.functionName, record.qualifier),
      AuthType: 'AWS_IAM',
      InvokeMode: 'BUFFERED',
      CreationTime: time(record.createdAt),
      LastModifiedTime: time(record.modifiedAt),
    };
  }

  #check({ AuthType, Cors, InvokeMode = 'BUFFERED' }: Document): void {
    if (AuthType !== undefined && AuthType !== 'AWS_IAM') {
      throw new Unsupported(`function URLs with AuthType ${String(AuthType)}`, { hint: 'It serves AWS_IAM.' });
    }
    if (InvokeMode !== 'BUFFERED') throw new Unsupported(`function URLs with InvokeMode ${String(InvokeMode)}`);
    if (Cors !== undefined) throw new Unsupported('Cors of function URLs');
  }

  /** The same for the same function, so that it survives a replacement of the URL. */
  #idOf(functionName: string, qualifier: string | undefined): string {
    const digest = createHash('sha256').update(this.#state.arn(functionName, qualifier)).digest();
    return [...digest].map((byte) => (byte % 36).toString(36)).join('');
  }

  #save(record: UrlRecord): UrlRecord {
    this.#state.urls.set(keyOf(record.functionName, record.qualifier), record);
    return record;
  }
}
