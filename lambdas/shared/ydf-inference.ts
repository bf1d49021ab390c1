// A static import: it becomes `require` in a bundle, which finds layers through NODE_PATH; `import()` would not.
import createInference from 'ydf-inference';
import { withoutProcessListeners, type YdfModule } from './ydf.ts';

/** A fresh module instance with a memory of its own (16 MB to begin with); takes about 40 ms. */
export function loadInference(log: (line: string) => void = () => {}): Promise<YdfModule> {
  return withoutProcessListeners(() => createInference({ print: log, printErr: log }));
}
