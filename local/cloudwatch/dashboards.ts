import { AwsError } from '../kernel/errors.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';

export interface Dashboard {
  readonly name: string;
  readonly arn: string;
  /** JSON text. */
  readonly body: string;
  readonly modifiedAt: number;
}

/** Dashboards as text: there is no console to draw them. */
export class DashboardBook {
  readonly #all: Collection<Dashboard>;
  readonly #context: CloudContext;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#all = context.store.collection('monitoring.dashboards');
  }

  all(): Dashboard[] {
    return [...this.#all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get(name: unknown): Dashboard {
    const dashboard = this.#all.get(String(name));
    if (dashboard) return dashboard;
    throw new AwsError('ResourceNotFound', `Dashboard ${String(name)} does not exist`, { status: 404 });
  }

  arnOf(name: unknown): string {
    return `arn:${this.#context.partition}:cloudwatch::${this.#context.account}:dashboard/${String(name)}`;
  }

  put(name: string, body: string): void {
    try {
      JSON.parse(body);
    } catch (cause) {
      throw new AwsError(
        'InvalidParameterInput',
        `The field DashboardBody must be a valid JSON object: ${(cause as Error).message}`,
      );
    }
    this.#all.set(name, { name, arn: this.arnOf(name), body, modifiedAt: this.#context.clock.now() });
  }

  delete(name: string): void {
    this.#all.delete(name);
  }
}
