import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  InvokeCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import JSZip from 'jszip';

export const ROLE = 'arn:aws:iam::000000000000:role/handler';

/** A zip file of these files. */
export async function zip(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const archive = new JSZip();
  for (const [name, content] of Object.entries(files)) archive.file(name, content);
  return archive.generateAsync({ type: 'uint8array' });
}

/** Creates a function whose index.js is `source`. */
export async function createFunction(
  client: LambdaClient,
  name: string,
  source: string,
  settings: Partial<CreateFunctionCommandInput> = {},
): Promise<void> {
  await client.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: ROLE,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: await zip({ 'index.js': source }) },
      ...settings,
    }),
  );
}

export interface Answer {
  readonly error: string | undefined;
  readonly version: string | undefined;
  readonly log: string;
  // biome-ignore lint/suspicious/noExplicitAny: what a handler gives back is up to the test
  readonly value: any;
}

/** Invokes and waits, with the end of the log. */
export async function invoke(
  client: LambdaClient,
  name: string,
  event: unknown = {},
  qualifier?: string,
): Promise<Answer> {
  const output = await client.send(
    new InvokeCommand({ FunctionName: name, Qualifier: qualifier, Payload: JSON.stringify(event), LogType: 'Tail' }),
  );
  return {
    error: output.FunctionError,
    version: output.ExecutedVersion,
    log: Buffer.from(output.LogResult ?? '', 'base64').toString('utf8'),
    value: JSON.parse(Buffer.from(output.Payload ?? '').toString('utf8')),
  };
}
