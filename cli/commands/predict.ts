import { readFile } from 'node:fs/promises';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { dataSchema } from '../../domain/data-schema.ts';
import { LIVE_ALIAS } from '../../domain/names.ts';
import { plainLine } from '../../domain/wording.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { CliError, table } from '../io.ts';
import { readRows } from '../rows.ts';
import { openModel, type Session } from '../session.ts';

interface Answer {
  readonly predictions?: Record<string, unknown>[];
  readonly model_version?: string;
  readonly inference_ids?: string[];
}

/** Rows in one request: well below the service's own limit, and an answer that comes soon. */
const BATCH = 500;

/** `sluice predict MODEL FILE|-`: asks whoever serves, through the alias that callers use. */
export async function predict(session: Session, name: string, file: string): Promise<number> {
  const { model, registry } = await openModel(session, name);
  const text = file === '-' ? await readAll(process.stdin) : await readInput(file);
  const pinned = await registry.pinnedSchema();
  const rows = readRows(text, pinned ? dataSchema.parse(pinned.schema) : null);
  // A cold function fetches and checks its model before it answers.
  const client = new LambdaClient({
    ...CLIENT_DEFAULTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000 },
  });
  const predictions: Record<string, unknown>[] = [];
  let version: string | undefined;
  for (let start = 0; start < rows.length; start += BATCH) {
    const answer = await ask(client, model.predictFunctionName, { rows: rows.slice(start, start + BATCH), start });
    predictions.push(...(answer.predictions ?? []));
    version = answer.model_version ?? version;
  }
  session.io.result({ model: name, model_version: version ?? null, predictions }, () =>
    render(predictions, name, version),
  );
  return 0;
}

async function ask(
  client: LambdaClient,
  functionName: string,
  { rows: instances, start }: { rows: unknown[]; start: number },
): Promise<Answer> {
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({
      FunctionName: functionName,
      Qualifier: LIVE_ALIAS,
      Payload: Buffer.from(JSON.stringify({ instances })),
    }),
  );
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as Answer & {
    error?: { code?: string; message?: string; index?: number };
    errorMessage?: string;
    errorType?: string;
  };
  if (answer.error) {
    const { code, message, index } = answer.error;
    // The function counts from 0 within a request; the person who reads this counts rows of the input.
    const row = index === undefined ? '' : `row ${start + index + 1} of the input: `;
    throw new CliError(3, `${code}: ${row}${message}`, { details: answer.error });
  }
  if (FunctionError)
    throw new CliError(1, `The prediction function failed: ${answer.errorType}: ${answer.errorMessage}`);
  return answer;
}

function render(predictions: readonly Record<string, unknown>[], name: string, version: string | undefined): string {
  const shown = predictions.slice(0, 50);
  const columns = Object.keys(shown[0] ?? {}).filter((column) => typeof shown[0]?.[column] !== 'object');
  const cell = (value: unknown) => (typeof value === 'number' ? value.toPrecision(4) : plainLine(String(value ?? '')));
  const rows = shown.map((prediction, index) => [
    String(index + 1),
    ...columns.map((column) => cell(prediction[column])),
  ]);
  const rest =
    predictions.length > shown.length ? [`… and ${predictions.length - shown.length} more (--json gives all)`] : [];
  return [
    table(['ROW', ...columns.map((column) => column.toUpperCase())], rows),
    ...rest,
    '',
    `by ${name} ${version}`,
  ].join('\n');
}

async function readInput(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError(2, `Cannot read ${file}: ${cause.message}`, { cause });
  });
}

async function readAll(stream: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
