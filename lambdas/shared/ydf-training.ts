// A static import: it becomes `require` in a bundle, which finds layers through NODE_PATH; `import()` would not.
import createTraining from 'ydf-training';
import { withoutProcessListeners, type YdfTrainingModule } from './ydf.ts';

/** A fresh module instance; `log` gets everything that the learners have to say, line by line. */
export function loadTraining(log: (line: string) => void): Promise<YdfTrainingModule> {
  return withoutProcessListeners(() => createTraining({ print: log, printErr: log }));
}
