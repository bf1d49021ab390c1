import type { AwsError } from '../errors.ts';
import type { Document, HttpRequest, HttpResponse, ServiceDefinition } from '../service.ts';

/** Turns requests of one of AWS's RPC protocols into (action, input) and answers back into bytes. */
export interface WireProtocol {
  matches(request: HttpRequest, service: ServiceDefinition): boolean;
  decode(request: HttpRequest, service: ServiceDefinition): Promise<{ action: string; input: Document }>;
  encode(action: string, output: Document, service: ServiceDefinition, requestId: string): HttpResponse;
  encodeError(error: AwsError, service: ServiceDefinition, requestId: string): HttpResponse;
}
