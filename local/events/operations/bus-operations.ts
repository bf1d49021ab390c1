import { AwsError, Unsupported } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import type { EventBus } from '../bus.ts';
import { compilePattern, parsePattern } from '../pattern.ts';

export function busOperations(bus: EventBus): Record<string, Operation> {
  const shape = { Name: 'default', Arn: bus.arn };
  return {
    TestEventPattern: {
      access: () => [{ action: 'events:TestEventPattern', resource: '*' }],
      handle: async (input) => {
        const matches = compilePattern(parsePattern(String(input.EventPattern)));
        return { Result: matches(eventOf(String(input.Event))) };
      },
    },
    DescribeEventBus: {
      access: () => [{ action: 'events:DescribeEventBus', resource: bus.arn }],
      handle: async (input) => {
        defaultBusOnly(input.Name);
        return shape;
      },
    },
    ListEventBuses: {
      access: () => [{ action: 'events:ListEventBuses', resource: bus.arn }],
      handle: async (input) => {
        const fits = shape.Name.startsWith(String(input.NamePrefix ?? ''));
        return { EventBuses: fits ? [shape] : [] };
      },
    },
  };
}

/** Other buses are refused by name: an event on one of them would reach nobody. */
export function defaultBusOnly(bus: unknown): void {
  const name = String(bus ?? 'default');
  if (name === 'default' || name.endsWith(':event-bus/default')) return;
  throw new Unsupported(`event buses but the default one ("${name}")`);
}

/** What the service asks of an event here; `resources`, which its documentation lists too, it does not miss. */
const MANDATORY = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

function eventOf(text: string): unknown {
  const refusal = (reason: string) =>
    new AwsError('ValidationException', `Parameter Event is not valid. Reason: ${reason}`);
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw refusal('it is not JSON');
  }
  const missing = MANDATORY.find((field) => typeof event !== 'object' || event === null || !(field in event));
  if (missing !== undefined) throw refusal(`${missing} is missing`);
  return event;
}
