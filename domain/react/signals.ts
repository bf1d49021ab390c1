import type { WindowItem } from '../monitor/window.ts';
import type { Cause, Signal, WindowFacts } from './event.ts';

/** What a window's item says to the controller, of the version that was the champion then. */
export function windowFacts(window: WindowItem): WindowFacts {
  const { id, to, pageKey, quality } = window;
  const signals: Partial<Record<Cause, Signal>> = { capture: capture(window) };
  const champion = window.versions.find((version) => version.champion);
  if (champion) {
    const { version, input, prediction, data, details } = champion;
    signals.drift = { signal: input, version, fresh: true, details: details.input };
    signals.prediction = { signal: prediction, version, fresh: true, details: details.prediction };
    signals['data-quality'] = { signal: data, version, fresh: true, details: details.data };
  }
  if (quality) {
    const { signal, version, details, scored } = quality;
    signals.quality = { signal, version, fresh: scored.length > 0, details };
  }
  return { id, to, pageKey, signals };
}

function capture({ captureStopped, captured }: WindowItem): Signal {
  return {
    signal: captureStopped ? 'ALERT' : captured.rows > 0 ? 'NONE' : 'INSUFFICIENT',
    version: null,
    fresh: true,
    details: captureStopped ? ['requests are answered, and nothing of them is captured'] : [],
  };
}
