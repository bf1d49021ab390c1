import { Worker } from 'node:worker_threads';
import { ERROR_NAMES, InvalidArtifact, InvalidDataset, TrainingFailed, TrainingTooLarge } from '../../domain/errors.ts';
import { WAY_OUT } from './capacity.ts';
import type { Learned, LearnRequest } from './learn.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface TrainerOptions {
  /** The module that runs in the thread: worker.ts, or a bundle that holds it. */
  readonly worker: string | URL;
  /** What the learner says while it works. */
  log(line: string): void;
}

/** Trains in a thread of its own: whatever the learner does there, here it ends as a result or as one clear error. */
export type Trainer = (request: LearnRequest, limits: { seconds: number }) => Promise<Learned>;

export function threadTrainer({ worker: file, log }: TrainerOptions): Trainer {
  return (request, { seconds }) =>
    new Promise<Learned>((resolve, reject) => {
      const workerData: WorkerTask = { sluiceTraining: request };
      const thread = new Worker(file, { workerData, stdout: true, stderr: true });
      let last = '';
      const hear = (line: string) => {
        last = line.trim() || last;
        log(line);
      };
      const fail = (why: string, options?: ErrorOptions) =>
        reject(new TrainingFailed(`${request.learner} ${why}${last ? `; its last message: ${last}` : ''}`, options));
      const deadline = setTimeout(() => {
        reject(
          new TrainingTooLarge(
            `Cannot train ${request.learner} on ${request.rows} rows: it did not end within ${Math.floor(seconds)} s and was stopped. ${WAY_OUT}`,
          ),
        );
        void thread.terminate();
      }, seconds * 1_000);
      thread.stdout.on('data', (text) => hear(String(text)));
      thread.stderr.on('data', (text) => hear(String(text)));
      thread.on('message', (message: WorkerMessage) => {
        if ('log' in message) return hear(message.log);
        if ('learned' in message) resolve(message.learned);
        else reject(failure(request, message.failed, last));
        void thread.terminate();
      });
      thread.on('error', (cause) => fail(`broke its thread (${cause.message})`, { cause }));
      thread.on('exit', (code) => {
        clearTimeout(deadline);
        // After an answer this changes nothing: a promise settles once.
        fail(`ended its thread with code ${code} and without a result`);
      });
    });
}

function failure({ learner }: LearnRequest, { name, message }: { name: string; message: string }, last: string) {
  if (name === ERROR_NAMES.invalidDataset) return new InvalidDataset(message);
  if (name === ERROR_NAMES.invalidArtifact) return new InvalidArtifact(message);
  const told = last && !message.includes(last) ? `${message} (its last message: ${last})` : message;
  if (OUT_OF_MEMORY.test(`${message} ${last}`))
    return new TrainingTooLarge(`${learner} ran out of memory: ${told}. ${WAY_OUT}`);
  return new TrainingFailed(`${learner} failed: ${told}`);
}

/** How the WebAssembly runtime and C++ tell that memory is used up. */
const OUT_OF_MEMORY = /\bOOM\b|out of memory|cannot enlarge memory|bad_alloc/i;
