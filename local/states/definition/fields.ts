import type { StateType } from './model.ts';

/** Which fields a state may have, by type and query language. https://states-language.net/spec.html#state-type-table */
const EVERYWHERE = ['Type', 'Comment', 'QueryLanguage'];
const FLOW = ['Next', 'End'];
const RECOVERY = ['Retry', 'Catch'];

interface FieldTable {
  readonly shared: readonly string[];
  readonly jsonata: readonly string[];
  readonly jsonPath: readonly string[];
}

const IO: FieldTable = { shared: ['Assign'], jsonata: ['Output'], jsonPath: ['InputPath', 'OutputPath'] };

const TYPES: Readonly<Record<StateType, FieldTable>> = {
  Pass: table(FLOW, IO, { jsonPath: ['Parameters', 'ResultPath', 'Result'] }),
  Succeed: { shared: [], jsonata: ['Output'], jsonPath: ['InputPath', 'OutputPath'] },
  Fail: { shared: ['Error', 'Cause'], jsonata: [], jsonPath: ['ErrorPath', 'CausePath', 'InputPath', 'OutputPath'] },
  Wait: table([...FLOW, 'Seconds', 'Timestamp'], IO, { jsonPath: ['SecondsPath', 'TimestampPath'] }),
  Choice: table(['Choices', 'Default'], IO, {}),
  Task: table([...FLOW, ...RECOVERY, 'Resource', 'TimeoutSeconds', 'HeartbeatSeconds', 'Credentials'], IO, {
    jsonata: ['Arguments'],
    jsonPath: ['Parameters', 'ResultPath', 'ResultSelector', 'TimeoutSecondsPath', 'HeartbeatSecondsPath'],
  }),
  Parallel: table([...FLOW, ...RECOVERY, 'Branches'], IO, {
    jsonata: ['Arguments'],
    jsonPath: ['Parameters', 'ResultPath', 'ResultSelector'],
  }),
  Map: table(
    [
      ...FLOW,
      ...RECOVERY,
      'ItemProcessor',
      'Iterator',
      'ItemReader',
      'ItemSelector',
      'ItemBatcher',
      'ResultWriter',
      'MaxConcurrency',
      'ToleratedFailureCount',
      'ToleratedFailurePercentage',
      'Label',
    ],
    IO,
    {
      jsonata: ['Items'],
      jsonPath: [
        'Parameters',
        'ResultPath',
        'ResultSelector',
        'ItemsPath',
        'MaxConcurrencyPath',
        'ToleratedFailureCountPath',
        'ToleratedFailurePercentagePath',
      ],
    },
  ),
};

/** Why a field cannot stand in a state, in the service's words; undefined when it can. */
export function fieldProblem(type: StateType, field: string, language: string): string | undefined {
  const { shared, jsonata, jsonPath } = TYPES[type];
  if (EVERYWHERE.includes(field) || shared.includes(field)) return undefined;
  const [own, other, otherName] =
    language === 'JSONata' ? [jsonata, jsonPath, 'JSONPath'] : [jsonPath, jsonata, 'JSONata'];
  if (own.includes(field)) return undefined;
  return other.includes(field)
    ? `The QueryLanguage is set to '${language}', but field '${field}' is only supported for the '${otherName}' QueryLanguage`
    : `Field '${field}' is not supported`;
}

function table(shared: readonly string[], io: FieldTable, extra: Partial<FieldTable>): FieldTable {
  return {
    shared: [...shared, ...io.shared],
    jsonata: [...io.jsonata, ...(extra.jsonata ?? [])],
    jsonPath: [...io.jsonPath, ...(extra.jsonPath ?? [])],
  };
}
