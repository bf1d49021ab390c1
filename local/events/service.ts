import type { ServiceFactory } from '../kernel/cloud.ts';
import { EventBus } from './bus.ts';
import { busOperations } from './operations/bus-operations.ts';
import { putEvents } from './operations/put-events.ts';
import { ruleOperations } from './operations/rule-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { targetOperations } from './operations/target-operations.ts';
import { ruleType } from './resource.ts';

/** Amazon EventBridge: the default bus, its rules, schedules and targets. What it does and does not: events.md. */
export const eventsService: ServiceFactory = (context) => {
  const bus = new EventBus(context);
  return {
    name: 'events',
    target: 'AWSEvents',
    jsonVersion: '1.1',
    operations: {
      PutEvents: putEvents(bus),
      ...ruleOperations(bus),
      ...targetOperations(bus),
      ...tagOperations(bus),
      ...busOperations(bus),
    },
    resourceTypes: [ruleType(bus)],
    sinks: {
      putServiceEvent: ({ source, detailType, detail, resources = [] }) => {
        bus.accept({ source, detailType, detail, resources });
      },
    },
    resume: async () => bus.resume(),
  };
};
