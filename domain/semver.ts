/** What a semantic version is derived from; each is a hash or a commit that others compute. */
export interface Fingerprints {
  /** Of the input and output contract: features, their types, the classes. */
  readonly contract: string;
  /** Of the training code. */
  readonly code: string;
  /** Of the model's configuration. */
  readonly config: string;
}

export type Bump = 'first' | 'major' | 'minor' | 'patch';

export interface NextSemver {
  readonly semver: string;
  readonly bump: Bump;
  readonly because: string;
}

/** Derives the semantic version of a new model version; it is never typed by anyone. */
export function nextSemver(previous: (Fingerprints & { semver: string }) | null, next: Fingerprints): NextSemver {
  if (!previous) return { semver: '1.0.0', bump: 'first', because: 'the first version of the model' };
  const [major, minor, patch] = parse(previous.semver);
  if (previous.contract !== next.contract) {
    return { semver: `${major + 1}.0.0`, bump: 'major', because: 'the input or output contract changed' };
  }
  const changed = [previous.code !== next.code && 'code', previous.config !== next.config && 'configuration'].filter(
    (part) => part !== false,
  );
  if (changed.length > 0) {
    return { semver: `${major}.${minor + 1}.0`, bump: 'minor', because: `${changed.join(' and ')} changed` };
  }
  return { semver: `${major}.${minor}.${patch + 1}`, bump: 'patch', because: 'only data changed' };
}

function parse(semver: string): [number, number, number] {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(semver);
  if (!match) throw new TypeError(`Cannot read "${semver}" as a version: expected three numbers such as 1.4.2`);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}
