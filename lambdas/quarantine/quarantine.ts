import type { Run } from '../../domain/flow.ts';
import { quarantinePrefix } from '../../domain/names.ts';

/** What quarantine does in the data bucket and where it reads the report. */
export interface QuarantinePorts {
  /** Copies one version of an object within the data bucket; false when that version is gone already. */
  copy(from: { key: string; versionId: string }, to: string): Promise<boolean>;
  /** Removes an object from view where the given version is the latest; older versions stay readable by id. */
  hide(key: string, versionId: string): Promise<void>;
  /** Copies the validation report from the artifact bucket into the data bucket. */
  copyReport(reportKey: string, to: string): Promise<void>;
}

/**
 * Moves a refused upload aside: its bytes and its report stand together under `<model>/quarantine/<sha256>/`, and the
 * place it was uploaded to is free for a corrected file. Repeating it ends in the same place.
 */
export async function quarantine({ run, reportKey }: { run: Run; reportKey: string }, ports: QuarantinePorts) {
  const prefix = quarantinePrefix(run.model, run.dataset.sha256);
  const { key, versionId, parts } = run.dataset;
  const objects = parts.some((part) => part.key === key) ? parts : [...parts, { key, versionId }];
  await ports.copyReport(reportKey, `${prefix}report.json`);
  for (const object of objects) {
    const copied = await ports.copy(object, `${prefix}${fileName(object.key)}`);
    if (copied) await ports.hide(object.key, object.versionId);
  }
  return { quarantineKey: `${prefix}${fileName(key)}`, reportKey: `${prefix}report.json` };
}

/** `churn/training/2026/11/data.csv` -> `data.csv`; parts of one dataset keep their folder, so that equal names do not meet. */
function fileName(key: string): string {
  const [, , ...path] = key.split('/');
  return path.join('/');
}
