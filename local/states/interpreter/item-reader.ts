import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AwsError } from '../../kernel/errors.ts';
import type { Document } from '../../kernel/service.ts';
import type { ItemReader, MapState } from '../definition/model.ts';
import { isObject, type Json, type JsonObject } from '../json.ts';
import { parseCsv } from './csv.ts';
import { StateFailure } from './failure.ts';
import type { Visit } from './visit.ts';

/** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html */
const MOST_ITEMS = 100_000_000;

const CONFIG: ReadonlySet<string> = new Set([
  'InputType',
  'CSVHeaderLocation',
  'CSVHeaders',
  'CSVDelimiter',
  'ItemsPointer',
  'MaxItems',
]);

const readerFailed = (cause: string) => new StateFailure('States.ItemReaderFailed', cause);

/** Evaluates the reader's fields; the items themselves are read once the map run has begun. */
export async function preparedReader(visit: Visit<MapState>, reader: ItemReader): Promise<() => Promise<Json[]>> {
  const args = (await visit.evaluate('ItemReader/Arguments', reader.Arguments ?? {})) as JsonObject;
  const { MaxItems } = reader.ReaderConfig ?? {};
  const wanted = MaxItems === undefined ? 0 : await visit.evaluateInteger('ItemReader/ReaderConfig/MaxItems', MaxItems);
  const most = wanted === 0 ? MOST_ITEMS : Math.min(wanted, MOST_ITEMS);
  const other = Object.keys(reader.ReaderConfig ?? {}).find((field) => !CONFIG.has(field));
  if (other) {
    throw visit.failure('LocalCloudUnsupported', `The local cloud does not read the field ${other} of a ReaderConfig.`);
  }
  const source = SOURCES[reader.Resource.replace(/^arn:[\w-]+:states:::/, '')];
  if (!source) {
    throw visit.failure('LocalCloudUnsupported', `The local cloud does not read items from ${reader.Resource}.`);
  }
  return async () => (await source(visit, args, reader)).slice(0, most);
}

type Source = (visit: Visit<MapState>, args: JsonObject, reader: ItemReader) => Promise<Json[]>;

const SOURCES: Readonly<Record<string, Source>> = {
  's3:getObject': async (visit, args, reader) => {
    const { Body } = await call(visit, 'GetObject', args);
    const type = reader.ReaderConfig?.InputType ?? 'JSON';
    const format = FORMATS[type];
    if (!format) throw readerFailed(`The local cloud does not read items of the input type ${type}.`);
    return format(await textOf(Body), reader.ReaderConfig ?? {});
  },
  's3:listObjectsV2': async (visit, args) => {
    const objects: Json[] = [];
    let token: unknown;
    do {
      const page = await call(visit, 'ListObjectsV2', { ...args, ...(token ? { ContinuationToken: token } : {}) });
      for (const object of (page.Contents as Document[] | undefined) ?? []) objects.push(listed(object));
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token);
    return objects;
  },
};

type ReaderConfig = NonNullable<ItemReader['ReaderConfig']>;

const FORMATS: Readonly<Record<string, (text: string, config: ReaderConfig) => Json[]>> = {
  JSON: (text, { ItemsPointer = '' }) => {
    const value = pointedAt(parseJson(text), ItemsPointer);
    if (!Array.isArray(value)) throw readerFailed('Attempting to map over non-iterable node.');
    return value;
  },
  JSONL: (text) =>
    text
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .map(parseJson),
  CSV: (text, { CSVHeaderLocation = 'FIRST_ROW', CSVHeaders = [], CSVDelimiter = 'COMMA' }) => {
    const rows = parseCsv(text, DELIMITERS[CSVDelimiter] ?? ',');
    const headers = CSVHeaderLocation === 'GIVEN' ? CSVHeaders : (rows.shift() ?? []);
    if (new Set(headers).size < headers.length) throw readerFailed('CSV headers cannot contain duplicates.');
    return rows.map((row) => Object.fromEntries(headers.map((header, column) => [header, row[column] ?? ''])));
  },
};

const DELIMITERS: Readonly<Record<string, string>> = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' };

/** https://www.rfc-editor.org/rfc/rfc6901 */
function pointedAt(value: Json, pointer: string): Json | undefined {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<Json | undefined>((at, step) => {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? (at as JsonObject)[name] : undefined;
  }, value);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw readerFailed('Unable to parse the items as JSON.');
  }
}

async function call({ frame }: Visit<MapState>, action: string, input: Document): Promise<Document> {
  const { tasks, execution } = frame.run;
  try {
    return await tasks.port.invoke({ service: 's3', action, input, roleArn: execution.RoleArn });
  } catch (error) {
    if (error instanceof AwsError) throw readerFailed(error.message);
    throw error;
  }
}

async function textOf(body: unknown): Promise<string> {
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8');
  return (await buffer(body as Readable)).toString('utf8');
}

function listed(object: Document): Json {
  const { Etag, ETag, Key, LastModified, Size, StorageClass } = object;
  const time = LastModified instanceof Date ? Math.floor(LastModified.getTime() / 1000) : LastModified;
  const members = { Etag: Etag ?? ETag, Key, LastModified: time, Size, StorageClass } as JsonObject;
  return isObject(members)
    ? Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
    : null;
}
