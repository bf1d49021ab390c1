import dgram from 'node:dgram';
import net from 'node:net';

/**
 * Refuses every connection that leaves the machine: a function of the local cloud must not reach a real one, whatever its
 * code or its variables say. Names are refused before they are looked up.
 */
export function guardNetwork(): void {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function guarded(this: net.Socket, ...args: unknown[]) {
    const target = targetOf(args);
    if (target === undefined || isLoopback(target)) return Reflect.apply(connect, this, args);
    process.nextTick(() => this.destroy(refusal(target)));
    return this;
  } as typeof connect;

  const send = dgram.Socket.prototype.send;
  dgram.Socket.prototype.send = function guarded(this: dgram.Socket, ...args: unknown[]) {
    const address = args.findLast((arg) => typeof arg === 'string' && arg !== args[0]);
    if (address === undefined || isLoopback(String(address))) return Reflect.apply(send, this, args);
    const callback = args.findLast((arg) => typeof arg === 'function');
    process.nextTick(() => (callback ? (callback as (error: Error) => void)(refusal(String(address))) : undefined));
    return undefined;
  } as typeof send;
}

/** The host that `connect` was asked for; undefined for a path (a Unix socket) and for the default, localhost. */
function targetOf(args: readonly unknown[]): string | undefined {
  // net.connect hands on its arguments as one array that it has normalized.
  const [first, second] = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
  if (typeof first === 'object' && first !== null) {
    const { host, path } = first as { host?: string; path?: string };
    return path ? undefined : host;
  }
  return typeof second === 'string' ? second : undefined;
}

function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    name === '' ||
    (net.isIPv4(name) && name.startsWith('127.')) ||
    name.startsWith('::ffff:127.')
  );
}

/** EACCES because no SDK takes it for something to try again. */
function refusal(host: string): Error {
  const message = `The local cloud lets its functions reach nothing but itself: the connection to ${JSON.stringify(host)} was refused`;
  return Object.assign(new Error(message), { code: 'EACCES', syscall: 'connect', address: host });
}
