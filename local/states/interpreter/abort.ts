import type { Frame, OpenState } from './run.ts';

/** Types that report that they were given up; the others are never interrupted. */
const REPORTING = ['Task', 'Wait', 'Parallel', 'Map'];

/** Writes that a line of control's open state was given up because of the event `cause`; nested ones follow. */
export function writeAborted(frame: Frame, cause: number): void {
  const { open, run } = frame;
  frame.open = undefined;
  if (!open || !REPORTING.includes(open.type)) return;
  run.history.append(`${open.type}StateAborted`, cause);
  for (const [index, inner] of open.frames) writeInner(open, index, inner, cause);
}

function writeInner(open: OpenState, index: number, inner: Frame, cause: number): void {
  if (open.type === 'Map') inner.run.history.append('MapIterationAborted', cause, { name: open.name, index });
  writeAborted(inner, cause);
}
