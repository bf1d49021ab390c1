/** The names that state machines match in `ErrorEquals` and people read in messages; literals, because minifiers rename classes. */
export const ERROR_NAMES = {
  invalidDataset: 'Sluice.InvalidDataset',
  trainingTooLarge: 'Sluice.TrainingTooLarge',
  trainingFailed: 'Sluice.TrainingFailed',
  invalidArtifact: 'Sluice.InvalidArtifact',
  invalidConfiguration: 'Sluice.InvalidConfiguration',
  invalidInstance: 'Sluice.InvalidInstance',
  superseded: 'Sluice.Superseded',
  conflict: 'Sluice.Conflict',
  dependencyUnavailable: 'Sluice.DependencyUnavailable',
} as const;

export type ErrorName = (typeof ERROR_NAMES)[keyof typeof ERROR_NAMES];

/** Base of every error that Sluice throws on purpose; `name` is what Step Functions sees as the error. */
export abstract class SluiceError extends Error {
  abstract override get name(): ErrorName;
}

/** The data cannot be used; retrying cannot help, a corrected upload can. */
export class InvalidDataset extends SluiceError {
  override get name() {
    return ERROR_NAMES.invalidDataset;
  }
}

/** The data is more than a Lambda can train on in its time and memory; retrying cannot help. */
export class TrainingTooLarge extends SluiceError {
  override get name() {
    return ERROR_NAMES.trainingTooLarge;
  }
}

/** The learner refused or aborted; retrying cannot help. */
export class TrainingFailed extends SluiceError {
  override get name() {
    return ERROR_NAMES.trainingFailed;
  }
}

/** An artifact is missing, altered or unreadable; retrying cannot help. */
export class InvalidArtifact extends SluiceError {
  override get name() {
    return ERROR_NAMES.invalidArtifact;
  }
}

/** The deployed settings do not fit what was asked; retrying cannot help. */
export class InvalidConfiguration extends SluiceError {
  override get name() {
    return ERROR_NAMES.invalidConfiguration;
  }
}

/** A prediction request holds a value that the model's input contract does not allow. */
export class InvalidInstance extends SluiceError {
  readonly field: string;
  readonly index: number;

  constructor(message: string, at: { field: string; index: number }) {
    super(message);
    this.field = at.field;
    this.index = at.index;
  }

  override get name() {
    return ERROR_NAMES.invalidInstance;
  }
}

/** A newer owner has taken over; whatever the caller wanted to write must not be written. */
export class Superseded extends SluiceError {
  override get name() {
    return ERROR_NAMES.superseded;
  }
}

/** Somebody else wrote first; reading again and retrying may help. */
export class Conflict extends SluiceError {
  override get name() {
    return ERROR_NAMES.conflict;
  }
}

/** A service did not answer as it should; retrying may help. */
export class DependencyUnavailable extends SluiceError {
  override get name() {
    return ERROR_NAMES.dependencyUnavailable;
  }
}
