import type { QualityReference } from '../../domain/quality/reference.ts';
import { labelSql, numberSql } from '../shared/dataset-values.ts';
import { sqlNumber } from '../shared/duckdb.ts';

/** `lossOf` of domain/quality/reference: a test holds both to the same rows. */
export function lossSql({ farOff }: Pick<QualityReference, 'farOff'>): string {
  if (farOff === null) return `CASE WHEN label = ${labelSql('truth')} THEN 0 ELSE 1 END`;
  return `CASE WHEN abs(prediction - ${numberSql('truth')}) <= ${sqlNumber(farOff)} THEN 0 ELSE 1 END`;
}
