import type { CloudContext } from '../kernel/service.ts';
import type { Engine } from './engine.ts';
import type { Tables } from './tables.ts';

/** What the operations work with. */
export interface DynamoDb {
  readonly context: CloudContext;
  readonly engine: Engine;
  readonly tables: Tables;
}
