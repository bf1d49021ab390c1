import type { ServiceFactory } from './kernel/cloud.ts';
import { kmsService } from './kms/service.ts';
import { sqsService } from './sqs/service.ts';
import { ssmService } from './ssm/service.ts';
import { stsService } from './sts/service.ts';

/** Every service of the local cloud but IAM and CloudFormation, which need to know the others. */
export const SERVICES: readonly ServiceFactory[] = [kmsService, sqsService, ssmService, stsService];
