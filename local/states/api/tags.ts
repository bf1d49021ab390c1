import { AwsError } from '../../kernel/errors.ts';
import type { Operation } from '../../kernel/service.ts';
import type { MachineRecord } from '../records.ts';
import { operation, requireArn, requiredText, type StatesCore } from './core.ts';
import { tagMap } from './machine-rules.ts';

const byArn = ({ resourceArn }: Record<string, unknown>) => resourceArn;

export function tagResource(core: StatesCore): Operation {
  return operation('TagResource', byArn, async (input) => {
    const machine = taggedMachine(core, requiredText(input, 'resourceArn'));
    const tags = { ...machine.tags, ...tagMap(input.tags) };
    core.machines.set(machine.stateMachineArn, { ...machine, tags });
    return {};
  });
}

export function untagResource(core: StatesCore): Operation {
  return operation('UntagResource', byArn, async (input) => {
    const machine = taggedMachine(core, requiredText(input, 'resourceArn'));
    const gone = Array.isArray(input.tagKeys) ? input.tagKeys : [];
    const tags = Object.fromEntries(Object.entries(machine.tags).filter(([key]) => !gone.includes(key)));
    core.machines.set(machine.stateMachineArn, { ...machine, tags });
    return {};
  });
}

export function listTagsForResource(core: StatesCore): Operation {
  return operation('ListTagsForResource', byArn, async (input) => {
    const { tags } = taggedMachine(core, requiredText(input, 'resourceArn'));
    return { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) };
  });
}

function taggedMachine({ machines }: StatesCore, arn: string): MachineRecord {
  const machine = machines.get(requireArn(arn, 'stateMachine'));
  if (!machine) throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`);
  return machine;
}
