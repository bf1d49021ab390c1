import type { CloudContext, Service } from '../kernel/service.ts';
import { Bodies } from './bodies.ts';
import { bucketPolicyType } from './bucket-policy-type.ts';
import { bucketType } from './bucket-type.ts';
import { ObjectEvents } from './events.ts';
import { serveHttp } from './http.ts';
import { inProcessOperations } from './in-process.ts';
import { startLifecycle } from './lifecycle.ts';
import type { S3 } from './request.ts';
import { S3State } from './state.ts';

/** Amazon S3. What it does and what it leaves out: s3.md. */
export function s3Service(context: CloudContext): Service {
  const state = new S3State(context.store);
  const bodies = new Bodies(context.store.folder('s3'));
  const s3: S3 = { context, state, bodies, events: new ObjectEvents(context, state) };
  return {
    name: 's3',
    accessDeniedCode: 'AccessDenied',
    errorsInXml: true,
    operations: inProcessOperations(s3),
    http: (request, call) => serveHttp(s3, request, call),
    resourceTypes: [bucketType(s3), bucketPolicyType(s3)],
    async resume() {
      bodies.sweep(state.referenced());
      startLifecycle(s3);
    },
  };
}
