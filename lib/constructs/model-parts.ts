import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { NamedModelConfig } from '../../domain/model-config.ts';
import type { HandlerDefaults } from './handler.ts';
import type { Permissions, SharedResources } from './permissions.ts';
import type { RuntimeLayers } from './runtime-layers.ts';

/** What every construct of a model's stack is given. */
export interface ModelParts {
  readonly model: NamedModelConfig;
  readonly shared: SharedResources;
  readonly permissions: Permissions;
  readonly layers: RuntimeLayers;
  readonly defaults: HandlerDefaults;
  /** Takes events that could not be delivered to a function or a queue. */
  readonly undelivered: IQueue;
  /** The commit that the templates are made from. */
  readonly codeCommit: string;
}
