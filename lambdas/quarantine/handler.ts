import * as z from 'zod';
import { quarantineInput } from '../../domain/flow.ts';
import { readEnvironment } from '../shared/environment.ts';
import { s3Client } from '../shared/objects.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { quarantine } from './quarantine.ts';
import { s3QuarantinePorts } from './s3-ports.ts';

const environment = readEnvironment({ DATA_BUCKET: z.string(), ARTIFACT_BUCKET: z.string() });

const ports = s3QuarantinePorts(s3Client(), { data: environment.DATA_BUCKET, artifacts: environment.ARTIFACT_BUCKET });

export const handler = taskHandler(quarantineInput, (input) => quarantine(input, ports));
