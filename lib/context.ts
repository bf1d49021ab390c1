import { readFileSync } from 'node:fs';

/** The feature flags of `cdk.json`, so that an app that is not started by the CDK CLI makes the same templates. */
export function featureFlags(): Record<string, unknown> {
  const file = new URL('../cdk.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { context: Record<string, unknown> }).context;
}
