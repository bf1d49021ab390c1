import type { Authorizer } from './iam/authorizer.ts';
import type { Clock } from './kernel/clock.ts';
import type { HttpRequest, HttpResponse } from './kernel/service.ts';
import type { Outbox } from './sns/outbox.ts';

type Route = (request: HttpRequest) => Promise<unknown>;

export interface Controlled {
  readonly clock: Clock;
  readonly authorizer: Authorizer;
  readonly outbox: Pick<Outbox, 'mails'>;
}

/** What the cloud tells about itself and lets be moved, under `/_sluice/`. No service of AWS answers there. */
export function controlEndpoint({ clock, authorizer, outbox }: Controlled) {
  const time = () => ({ mode: clock.mode, now: new Date(clock.now()).toISOString(), waitingFor: clock.pending() });
  const routes: Readonly<Record<string, Route>> = {
    'GET /_sluice/health': async () => ({ status: 'ok', ...time() }),
    'GET /_sluice/iam': async () => authorizer.report(),
    'GET /_sluice/mail': async () => ({ mails: outbox.mails() }),
    'GET /_sluice/clock': async () => time(),
    'POST /_sluice/clock': async (request) => {
      const { ms } = JSON.parse((await request.bytes()).toString('utf8')) as { ms?: unknown };
      if (typeof ms !== 'number' || ms < 0) throw new Error(`Expected {"ms": <a number, at least 0>}, got ${ms}`);
      await clock.advance(ms);
      return time();
    },
  };
  return async (request: HttpRequest): Promise<HttpResponse | undefined> => {
    const route = routes[`${request.method} ${request.rawPath}`];
    if (!route) return undefined;
    try {
      return json(200, await route(request));
    } catch (error) {
      return json(400, { message: (error as Error).message });
    }
  };
}

function json(status: number, body: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(body)}\n` };
}
