import { ConfigError } from '../lib/config/messages.ts';
import { formatReport, reportOn } from '../lib/synth-report.ts';
import { synthesize } from '../lib/synthesize.ts';

try {
  const reports = reportOn(synthesize());
  console.log(formatReport(reports));
  if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
} catch (error) {
  // The CDK has printed its findings by then.
  const expected = error instanceof ConfigError || (error as Error).name === 'ValidationFailed';
  if (!expected) throw error;
  console.error((error as Error).message);
  process.exitCode = 1;
}
