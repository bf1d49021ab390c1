/**
 * Yggdrasil Decision Forests compiled to WebAssembly, by its C++ bindings: the JavaScript classes around them read CSV
 * (guessing types from the first rows) and need a zip library, the bindings take typed columns and plain files.
 * An abort (bad input, memory exhausted) poisons the module instance for good: load a fresh one.
 */

interface YdfFileSystem {
  mkdirTree(path: string): void;
  readdir(path: string): string[];
  readFile(path: string, options: { encoding: 'binary' }): Uint8Array;
  rmdir(path: string): void;
  unlink(path: string): void;
  writeFile(path: string, content: Uint8Array): void;
}

/** A C++ vector; lives in the module's memory until it is deleted. */
export interface YdfVector<T> {
  push_back(value: T): void;
  size(): number;
  get(index: number): T;
  delete(): void;
}

/** A feature as the model's engine knows it: `internalIdx` is its place there. */
export interface YdfFeature {
  readonly name: string;
  readonly type: string;
  readonly internalIdx: number;
}

export interface YdfModel {
  getInputFeatures(): YdfVector<YdfFeature>;
  getLabelClasses(): YdfVector<string>;
  /** Every value of the new batch is missing until it is set. */
  newBatchOfExamples(rows: number): void;
  setNumerical(row: number, feature: number, value: number): void;
  setCategoricalString(row: number, feature: number, value: string): void;
  predict(): YdfVector<number>;
  delete(): void;
}

export interface YdfModule {
  readonly FS: YdfFileSystem;
  readonly HEAPU8: Uint8Array;
  InternalLoadModel(folder: string, tfdfSignature: boolean, filePrefix: string): YdfModel | null;
}

export interface YdfTrainedModel extends YdfModel {
  describe(): string;
  save(folder: string): void;
}

export interface YdfDataset {
  addNumericalColumn(name: string, values: YdfVector<number>): void;
  addCategoricalColumn(name: string, values: YdfVector<string>, isLabel: boolean): void;
  delete(): void;
}

export interface YdfTrainingModule extends YdfModule {
  readonly Dataset: new () => YdfDataset;
  readonly InternalLearner: new () => {
    init(learner: string, label: string, task: 'CLASSIFICATION' | 'REGRESSION'): void;
    trainFromDataset(dataset: YdfDataset): YdfTrainedModel;
  };
  CreateVectorFloat(capacity: number): YdfVector<number>;
  CreateVectorString(capacity: number): YdfVector<string>;
}

/** Copies a C++ vector and frees it. */
export function drain<T>(vector: YdfVector<T>): T[] {
  const values = Array.from({ length: vector.size() }, (_, index) => vector.get(index));
  vector.delete();
  return values;
}

/** The module's runtime hooks itself into the process's fatal errors when it is created; here the process decides. */
export function withoutProcessListeners<T>(create: () => T): T {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set<unknown>(process.listeners(event as 'uncaughtException')));
  const created = create();
  events.forEach((event, index) => {
    for (const listener of process.listeners(event as 'uncaughtException'))
      if (!before[index]?.has(listener)) process.removeListener(event, listener);
  });
  return created;
}
