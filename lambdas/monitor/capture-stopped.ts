import type { WindowItem } from '../../domain/monitor/window.ts';
import type { MonitorPorts } from './ports.ts';

/** Requests of which one would have been in the sample but for one chance in a million. */
const enoughRequests = (sample: number) => (sample >= 1 ? 1 : Math.ceil(Math.log(1e-6) / Math.log(1 - sample)));

/** Whether so many requests were answered in a window that captures must have come, and none did. */
export async function captureStopped(
  { from, to }: Pick<WindowItem, 'from' | 'to'>,
  { config, requests }: Pick<MonitorPorts, 'config' | 'requests'>,
): Promise<boolean> {
  const { sample } = config.monitoring.capture;
  if (sample <= 0) return false;
  const enough = enoughRequests(sample);
  return (await requests.answered({ from, to }, enough)) >= enough;
}
