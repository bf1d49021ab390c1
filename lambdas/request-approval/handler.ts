import * as z from 'zod';
import { requestApprovalInput } from '../../domain/flow.ts';
import { snsAnnouncer } from '../shared/announcements.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { announceWaiting } from '../shared/outcomes.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { requestApproval } from './request-approval.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
});
const { MODEL_CONFIG: config } = environment;
const announcer = { ...snsAnnouncer(environment.ALERTS_TOPIC_ARN), artifactBucket: environment.ARTIFACT_BUCKET };
const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  tell: (...[version, approval]: Parameters<Parameters<typeof requestApproval>[2]['tell']>) =>
    announceWaiting(version, approval, announcer),
  now: () => Date.now(),
};

export const handler = taskHandler(requestApprovalInput, (input) =>
  requestApproval(input, config.approvalTimeout, ports),
);
