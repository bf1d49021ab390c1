import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { SluiceError } from '../../domain/errors.ts';
import { type Learned, type LearnRequest, learn } from './learn.ts';

/** What a training thread is started with; the handler's bundle is loaded in that thread too and goes by this mark. */
export interface WorkerTask {
  readonly sluiceTraining: LearnRequest;
}

/** What a training thread says: any number of log lines, then one answer. */
export type WorkerMessage =
  | { log: string }
  | { learned: Learned }
  /** `name` is that of a SluiceError, or the learner's own. */
  | { failed: { name: string; message: string } };

const task = (workerData as Partial<WorkerTask> | null)?.sluiceTraining;
if (!isMainThread && task) {
  const say = (message: WorkerMessage) => parentPort?.postMessage(message);
  learn(task, (line) => say({ log: line }))
    .then((learned) => say({ learned }))
    .catch((error: unknown) => {
      const name = error instanceof SluiceError ? error.name : 'learner';
      say({ failed: { name, message: error instanceof Error ? error.message : String(error) } });
    });
}
