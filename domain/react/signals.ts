import type { WindowItem } from '../monitor/window.ts';
import type { Cause, Signal, WindowFacts } from './event.ts';

/** What a window's item says to the controller, of the version that was the champion then. */
export function windowFacts(window: WindowItem): WindowFacts {
  const { id, to, pageKey } = window;
  return { id, to, pageKey, signals: signalsOf(window) };
}

function signalsOf(window: WindowItem): Partial<Record<Cause, Signal>> {
  const signals: Partial<Record<Cause, Signal>> = { capture: capture(window) };
  const champion = window.versions.find((version) => version.champion);
  if (champion) {
    const { version } = champion;
    signals.drift = {
      signal: champion.input,
      version,
      fresh: true,
      details: champion.alerts.map(
        ({ feature, psi, confirmed }) =>
          `${feature} moved: PSI ${psi.toFixed(3)}${confirmed ? ', by the evidence of several windows' : ''}`,
      ),
    };
    signals.prediction = {
      signal: champion.prediction,
      version,
      fresh: true,
      details:
        champion.predictionPsi === null ? [] : [`the predictions moved: PSI ${champion.predictionPsi.toFixed(3)}`],
    };
    const faults = champion.findings + window.captured.brokenObjects;
    signals['data-quality'] = {
      signal: faults > 0 ? 'ALERT_SINGLE' : champion.rows > 0 ? 'NONE' : 'INSUFFICIENT',
      version,
      fresh: true,
      details: faults > 0 ? [`${faults} ${faults === 1 ? 'fault' : 'faults'} in the data that comes in`] : [],
    };
  }
  const { quality } = window;
  if (quality) {
    const { loss, limit, version } = quality;
    const numbers =
      loss === null || limit === null ? '' : `: loss ${loss.toFixed(4)}, at most ${limit.toFixed(4)} is fine`;
    signals.quality = {
      signal: quality.signal,
      version,
      fresh: quality.scored.length > 0,
      details: [`labels show more errors than at evaluation${numbers}`],
    };
  }
  return signals;
}

function capture({ captureStopped, captured }: WindowItem): Signal {
  return {
    signal: captureStopped ? 'ALERT' : captured.rows > 0 ? 'NONE' : 'INSUFFICIENT',
    version: null,
    fresh: true,
    details: captureStopped ? ['requests are answered, and nothing of them is captured'] : [],
  };
}
