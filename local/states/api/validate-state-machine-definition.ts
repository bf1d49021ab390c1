import type { Operation } from '../../kernel/service.ts';
import { type MachineType, validateDefinition } from '../definition/validate.ts';
import { operation, requiredText } from './core.ts';

/** Says what the service says; that this cloud executes JSONata only is not part of it. */
export function validateStateMachineDefinition(): Operation {
  return operation(
    'ValidateStateMachineDefinition',
    () => '*',
    async (input) => {
      const type = (input.type ?? 'STANDARD') as MachineType;
      const found = validateDefinition(requiredText(input, 'definition'), type);
      const most = Number(input.maxResults ?? 100) || 100;
      return {
        result: found.length > 0 ? 'FAIL' : 'OK',
        diagnostics: found.slice(0, most),
        truncated: found.length > most,
      };
    },
  );
}
