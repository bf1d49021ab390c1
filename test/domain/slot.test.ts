import { describe, expect, test } from 'vitest';
import type { DatasetItem, RunStatus } from '../../domain/registry-items.ts';
import {
  compareSequencers,
  emptySlot,
  type Offered,
  offer,
  release,
  runId,
  type Slot,
  type SlotDecision,
  uploadId,
} from '../../domain/slot.ts';
import { datasetRef } from '../support/domain-builders.ts';

const content = (letter: string) => letter.repeat(64);

function upload(
  letter: string,
  overrides: Partial<Offered> & { key?: string; at?: string; versionId?: string } = {},
): Offered {
  const {
    key = `churn/training/${letter}.csv`,
    at = '2026-03-01T10:00:00.000Z',
    versionId = `v-${letter}`,
    ...rest
  } = overrides;
  return {
    dataset: datasetRef({ key, versionId, sha256: content(letter), uploadedAt: at }),
    sequencer: '0055AED6DCD90281E5',
    recipe: 'recipe',
    ...rest,
  };
}

const tried = (
  letter: string,
  status: RunStatus,
  overrides: Partial<DatasetItem['attempts'][number]> = {},
): DatasetItem => ({
  model: 'churn',
  sha256: content(letter),
  attempts: [
    { runId: runId('churn', content(letter), 1), uploadId: 'earlier', status, recipe: 'recipe', ...overrides },
  ],
});

function accepted(decision: SlotDecision): Slot {
  if (!('slot' in decision)) throw new Error(decision.action);
  return decision.slot;
}

const busy = accepted(offer(emptySlot('churn'), upload('a'), null));

describe('offer()', () => {
  test('starts on a free slot', () => {
    expect(offer(emptySlot('churn'), upload('a'), null)).toMatchObject({
      action: 'start',
      attempt: 1,
      entry: { run: { model: 'churn', runId: `churn-${'a'.repeat(24)}` } },
    });
  });

  test('waits behind a run, and is superseded there by a newer upload', () => {
    const waiting = offer(busy, upload('b'), null);
    expect(waiting).toMatchObject({ action: 'wait', behind: `churn-${'a'.repeat(24)}` });
    const newer = offer(accepted(waiting), upload('c', { at: '2026-03-01T10:00:01.000Z' }), null);
    expect(newer).toMatchObject({ action: 'supersede', superseded: { run: { runId: `churn-${'b'.repeat(24)}` } } });
    expect(accepted(newer)).toMatchObject({ running: { run: { runId: `churn-${'a'.repeat(24)}` } } });
  });

  test('knows an older event of a key by its sequencer, whatever was delivered first', () => {
    const second = accepted(
      offer(emptySlot('churn'), upload('b', { key: 'k', sequencer: '0055AED6DCD90281E5' }), null),
    );
    const first = upload('a', { key: 'k', sequencer: '0055AED6DCD9' });
    expect(offer(second, first, null)).toEqual({
      action: 'stale',
      newer: { key: 'k', sequencer: '0055AED6DCD90281E5' },
    });
  });

  test('does not let an upload that is older than the waiting one take its place', () => {
    const waiting = accepted(offer(busy, upload('b', { at: '2026-03-01T10:00:05.000Z' }), null));
    expect(offer(waiting, upload('c', { at: '2026-03-01T10:00:04.000Z' }), null)).toMatchObject({ action: 'stale' });
  });

  test.each<[RunStatus, string]>([
    ['PENDING', 'duplicate'],
    ['RUNNING', 'duplicate'],
    ['REGISTERED', 'duplicate'],
    ['REJECTED', 'duplicate'],
    ['QUARANTINED', 'duplicate'],
    ['FAILED', 'start'],
    ['SUPERSEDED', 'start'],
  ])('content that was tried and is %s: %s', (status, action) => {
    expect(offer(emptySlot('churn'), upload('a'), tried('a', status)).action).toBe(action);
  });

  test('numbers the next attempt', () => {
    expect(offer(emptySlot('churn'), upload('a'), tried('a', 'FAILED'))).toMatchObject({
      attempt: 2,
      entry: { run: { runId: `churn-${'a'.repeat(24)}-2` } },
    });
  });

  test('tries known content again when code or configuration changed', () => {
    const decision = offer(emptySlot('churn'), upload('a', { recipe: 'other' }), tried('a', 'REJECTED'));
    expect(decision).toMatchObject({ action: 'start', attempt: 2 });
  });

  test('never starts anything for an event that is delivered again, whatever became of it', () => {
    const history = tried('a', 'FAILED', { uploadId: uploadId('v-a') });
    expect(offer(emptySlot('churn'), upload('a', { recipe: 'other' }), history)).toMatchObject({
      action: 'duplicate',
      sameUpload: true,
      status: 'FAILED',
    });
  });

  test('remembers a bounded number of keys', () => {
    let slot = emptySlot('churn');
    for (let index = 0; index < 150; index += 1) {
      slot = accepted(offer({ ...slot, running: null }, upload('a', { key: `k${index}` }), null));
    }
    expect(slot.recent).toHaveLength(100);
    expect(slot.recent.at(-1)?.key).toBe('k149');
  });
});

describe('release()', () => {
  const slot = accepted(offer(busy, upload('b'), null));
  const running = `churn-${'a'.repeat(24)}`;

  test('moves the waiting run in', () => {
    const released = release(slot, running);
    expect(released.next?.run.runId).toBe(`churn-${'b'.repeat(24)}`);
    expect(released.slot).toMatchObject({ running: released.next, pending: null });
  });

  test('repeated, or by a run that does not hold the slot, changes nothing', () => {
    const { slot: after } = release(slot, running);
    expect(release(after, running)).toEqual({ slot: after, next: null });
  });
});

test('runId() is a legal execution name for the longest model', () => {
  expect(runId(`a${'b'.repeat(39)}`, content('f'), 1000)).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
});

test('compareSequencers() pads on the right', () => {
  expect(compareSequencers('0055', '00550000')).toBe(0);
  expect(compareSequencers('0056', '00550001')).toBe(1);
  expect(compareSequencers('00aa', '00AB')).toBe(-1);
});
