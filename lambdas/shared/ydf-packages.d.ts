/** What is used of two packages that ship no types; both are CommonJS modules that export a factory. */

declare module 'ydf-inference' {
  import type { YdfModule } from './ydf.ts';

  const factory: (options: { print(line: string): void; printErr(line: string): void }) => Promise<YdfModule>;
  export default factory;
}

declare module 'ydf-training' {
  import type { YdfTrainingModule } from './ydf.ts';

  const factory: (options: { print(line: string): void; printErr(line: string): void }) => Promise<YdfTrainingModule>;
  export default factory;
}
