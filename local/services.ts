import { cloudWatchService } from './cloudwatch/service.ts';
import { dynamodbService } from './dynamodb/service.ts';
import { eventsService } from './events/service.ts';
import { firehoseService } from './firehose/service.ts';
import type { ServiceFactory } from './kernel/cloud.ts';
import { kmsService } from './kms/service.ts';
import { lambdaService } from './lambda/service.ts';
import { logsService } from './logs/service.ts';
import { s3Service } from './s3/service.ts';
import { snsService } from './sns/service.ts';
import { sqsService } from './sqs/service.ts';
import { ssmService } from './ssm/service.ts';
import { statesService } from './states/service.ts';
import { stsService } from './sts/service.ts';

/** Every service of the local cloud but IAM and CloudFormation, which need to know the others. */
export const SERVICES: readonly ServiceFactory[] = [
  cloudWatchService,
  dynamodbService,
  eventsService,
  firehoseService,
  kmsService,
  lambdaService,
  logsService,
  s3Service,
  snsService,
  sqsService,
  ssmService,
  statesService,
  stsService,
];
