import { isExplained, synthesize } from '../lib/synthesize.ts';

try {
  synthesize();
} catch (error) {
  if (!isExplained(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
