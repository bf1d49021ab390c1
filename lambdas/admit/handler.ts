import * as z from 'zod';
import { admitInput } from '../../domain/flow.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { admit } from './admit.ts';

const environment = readEnvironment({ MODEL_CONFIG: modelConfigVariable, REGISTRY_TABLE: z.string() });
const { MODEL_CONFIG: config } = environment;
const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  now: () => new Date().toISOString(),
};

export const handler = taskHandler(admitInput, (input) => admit(input, config, ports));
