import type { Operation } from '../../kernel/service.ts';
import { operation, page, type StatesCore } from './core.ts';

export function listStateMachines(core: StatesCore): Operation {
  return operation(
    'ListStateMachines',
    () => '*',
    async (input) => {
      const all = [...core.machines.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
      const { items, ...rest } = page(all, input);
      const stateMachines = items.map(({ stateMachineArn, name, type, creationDate }) => ({
        stateMachineArn,
        name,
        type,
        creationDate: new Date(creationDate),
      }));
      return { stateMachines, ...rest };
    },
  );
}
