import { ConfigError } from '../lib/config/messages.ts';
import { synthesize } from '../lib/synthesize.ts';

try {
  synthesize();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
