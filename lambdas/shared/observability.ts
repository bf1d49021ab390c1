import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import { METRIC_NAMESPACE } from '../../domain/names.ts';

/** Structured log lines; the service's name comes from `POWERTOOLS_SERVICE_NAME`. */
export const logger = new Logger();

/** Business metrics, written as log lines in the embedded metric format. */
export const metrics = new Metrics({ namespace: METRIC_NAMESPACE });

/** X-Ray segments; does nothing outside Lambda. */
export const tracer = new Tracer();
