import { formatReport, reportOn } from '../lib/synth-report.ts';
import { isExplained, synthesize } from '../lib/synthesize.ts';

try {
  const reports = reportOn(synthesize());
  console.log(formatReport(reports));
  if (reports.some(({ problems }) => problems.length > 0)) process.exitCode = 1;
} catch (error) {
  if (!isExplained(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
