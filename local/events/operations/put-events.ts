import type { AccessRequest } from '../../iam/principal.ts';
import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Document, Operation } from '../../kernel/service.ts';
import type { EventBus } from '../bus.ts';
import { defaultBusOnly } from './bus-operations.ts';

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MOST_ENTRIES = 10;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const LARGEST_REQUEST = 256 * 1024;

/** Entries are judged one by one: what is wrong with one does not keep the others back. */
export function putEvents(bus: EventBus): Operation {
  return {
    access: (input) =>
      entriesOf(input).map(({ Source, DetailType }): AccessRequest => {
        const context = { 'events:source': String(Source), 'events:detail-type': String(DetailType) };
        return { action: 'events:PutEvents', resource: bus.arn, context };
      }),
    async handle(input) {
      const entries = entriesOf(input);
      if (input.EndpointId !== undefined) throw new Unsupported('the parameter EndpointId of events:PutEvents');
      for (const entry of entries) defaultBusOnly(entry.EventBusName);
      if (entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > LARGEST_REQUEST) {
        throw new AwsError('ValidationException', 'Total size of the entries in the request is over the limit.');
      }
      const results = entries.map((entry) => putEvent(entry, bus));
      return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
    },
  };
}

function entriesOf({ Entries }: Document): Document[] {
  const count = Array.isArray(Entries) ? Entries.length : 0;
  if (count >= 1 && count <= MOST_ENTRIES) return Entries as Document[];
  throw new AwsError(
    'ValidationException',
    `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MOST_ENTRIES} and greater than or equal to 1`,
  );
}

function putEvent(entry: Document, bus: EventBus): Document {
  const { Source, DetailType, Detail, Resources = [], Time } = entry;
  const missing = Object.entries({ Source, DetailType, Detail }).find(([, value]) => !value)?.[0];
  if (missing) {
    const ErrorMessage = `Parameter ${missing} is not valid. Reason: ${missing} is a required argument.`;
    return { ErrorCode: 'InvalidArgument', ErrorMessage };
  }
  if (String(Source).startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  const detail = objectOf(String(Detail));
  if (!detail) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const id = bus.accept({
    source: String(Source),
    detailType: String(DetailType),
    detail,
    resources: Resources as string[],
    ...(Time === undefined ? {} : { time: Number(Time) * 1000 }),
  });
  return { EventId: id };
}

function objectOf(text: string): Document | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : undefined;
  } catch {
    return undefined;
  }
}

/** 14 bytes for the time and the texts in UTF-8. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size */
function sizeOf({ Source, DetailType, Detail, Resources = [], Time }: Document): number {
  const texts = [Source, DetailType, Detail, ...(Resources as unknown[])].filter((text) => text !== undefined);
  return texts.reduce<number>((sum, text) => sum + Buffer.byteLength(String(text)), Time === undefined ? 0 : 14);
}
