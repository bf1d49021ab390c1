import { audit } from '../audit.ts';
import { cloudSource, fileCount, folderSource, saving } from '../audit-sources.ts';
import { CliError } from '../io.ts';
import type { Session } from '../session.ts';

export interface VerifyOptions {
  /** Writes what was checked into this folder, so that it can be checked again without AWS. */
  readonly save?: string;
  /** Checks such a folder instead of a cloud. */
  readonly from?: string;
}

/** `sluice verify MODEL`: does the decision chain hold, and is every file the one that was decided on? Exit 3 when not. */
export async function verify(session: Session, name: string, { save, from }: VerifyOptions): Promise<number> {
  if (save !== undefined && from !== undefined) throw new CliError(2, '--save and --from exclude each other');
  session.io.busy('reading the registry and hashing what it names');
  const source = from === undefined ? await cloudSource(session, name) : await folderSource(from, name);
  const findings = await audit(save === undefined ? source : await saving(source, save));
  const ok = findings.length === 0;
  const { decisions, versions } = source.record;
  session.io.result(
    { model: name, ok, decisions: decisions.length, versions: versions.length, files: fileCount(source), findings },
    () =>
      ok
        ? [
            `${name}: ${decisions.length} decisions in an unbroken chain`,
            `${name}: ${fileCount(source)} files of ${versions.length} versions are the ones that were decided on`,
          ].join('\n')
        : [`${name}: NOT as decided`, ...findings.map(({ what, problem }) => `  ${what}: ${problem}`)].join('\n'),
  );
  return ok ? 0 : 3;
}
