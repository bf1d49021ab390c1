import { describe, expect, test } from 'vitest';
import { type OutcomeFacts, outcomeMessage } from '../../domain/messages.ts';

const facts = (overrides: Partial<OutcomeFacts> = {}): OutcomeFacts => ({
  model: 'churn',
  status: 'REGISTERED',
  runId: 'churn-0123456789abcdef01234567',
  upload: { bucket: 'data', key: 'churn/training/march.csv', versionId: 'v1' },
  rows: 4998,
  reasons: [],
  ...overrides,
});

const version = {
  version: 4,
  semver: '1.4.2',
  metrics: { auc: { value: 0.842, lower: 0.821, upper: 0.863 } },
  championMetrics: { auc: { value: 0.835, lower: 0.813, upper: 0.856 } },
};

const text = (overrides: Partial<OutcomeFacts>) => {
  const { subject, body } = outcomeMessage(facts(overrides));
  return `${subject}\n---\n${body}`;
};

test('a version that went live', () => {
  expect(text({ ...version, stage: 'CHAMPION', links: ['s3://artifacts/card.html'] })).toMatchInlineSnapshot(`
    "churn: version 1.4.2 is live
    ---
    Version 1.4.2 of model "churn" passed its gates and serves now.

    Numbers
      AUC 0.842 (95 % interval 0.821 to 0.863), champion 0.835

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      s3://artifacts/card.html
      sluice card churn@4
    "
  `);
});

test('a version that is registered and does not serve', () => {
  expect(text({ ...version, stage: 'REGISTERED', metrics: undefined })).toMatchInlineSnapshot(`
    "churn: version 1.4.2 is registered
    ---
    Version 1.4.2 of model "churn" passed its gates and is registered; it does not serve.

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      sluice card churn@4
    "
  `);
});

test('a version that waits for a person', () => {
  expect(text({ ...version, status: 'AWAITING_APPROVAL', expiresAt: '2026-03-08 09:41 UTC' })).toMatchInlineSnapshot(`
    "churn: version 1.4.2 waits for your approval
    ---
    Version 1.4.2 of model "churn" passed its gates and waits for a person to approve it until 2026-03-08 09:41 UTC; without an answer it is rejected.

    Numbers
      AUC 0.842 (95 % interval 0.821 to 0.863), champion 0.835

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      sluice card churn@4
      sluice approve churn@4
      sluice reject churn@4
    "
  `);
});

test('a version that a gate rejected', () => {
  const reasons = ["AUC is 0.712 against the champion's 0.835: worse by more than 0.02."];
  expect(text({ ...version, status: 'REJECTED', stage: 'REJECTED', reasons })).toMatchInlineSnapshot(`
    "churn: version 1.4.2 was rejected
    ---
    Version 1.4.2 of model "churn" was rejected. Whatever served before serves on.

    Why
      AUC is 0.712 against the champion's 0.835: worse by more than 0.02.

    Numbers
      AUC 0.842 (95 % interval 0.821 to 0.863), champion 0.835

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      sluice card churn@4
    "
  `);
});

test('an upload that was quarantined', () => {
  const reasons = ['column "age", row 17: "abc" is not a number'];
  const links = ['s3://data/churn/quarantine/0123/report.json'];
  expect(text({ status: 'QUARANTINED', reasons, links })).toMatchInlineSnapshot(`
    "churn: an upload was quarantined
    ---
    The upload for model "churn" cannot be used and was moved to quarantine. Upload a corrected file to start again.

    Why
      column "age", row 17: "abc" is not a number

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      s3://data/churn/quarantine/0123/report.json
      sluice runs churn
    "
  `);
});

test('an upload that a newer one superseded', () => {
  expect(text({ status: 'SUPERSEDED', otherRunId: 'churn-ffff' })).toMatchInlineSnapshot(`
    "churn: an upload was superseded by a newer one
    ---
    The upload for model "churn" was not trained on: a newer one took its place (run churn-ffff).

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      sluice runs churn
    "
  `);
});

test('an upload that repeats known data', () => {
  expect(text({ status: 'DUPLICATE', runId: null, otherRunId: 'churn-0123', rows: undefined })).toMatchInlineSnapshot(`
    "churn: an upload repeats known data
    ---
    The upload for model "churn" holds data that is known already (run churn-0123). Nothing was started.

    Data
      s3://data/churn/training/march.csv
      object version v1

    Look at
      sluice runs churn
    "
  `);
});

test('a run that failed', () => {
  expect(
    text({
      status: 'FAILED',
      reasons: ['Sluice.TrainingTooLarge: 9,000,000 rows are more than a Lambda can train on'],
    }),
  ).toMatchInlineSnapshot(`
    "churn: a run failed
    ---
    The run for model "churn" failed. Whatever served before serves on; uploading the file again tries again.

    Why
      Sluice.TrainingTooLarge: 9,000,000 rows are more than a Lambda can train on

    Data
      s3://data/churn/training/march.csv
      object version v1, 4,998 rows
      run churn-0123456789abcdef01234567

    Look at
      sluice runs churn
    "
  `);
});

describe('whatever the data is called', () => {
  const hostile = facts({
    upload: { bucket: 'data', key: 'churn/training/ü\r\nSubject: hi\u202e.csv', versionId: 'v\u0007' },
    semver: `1.0.0 ${'é'.repeat(200)}`,
    status: 'REJECTED',
    reasons: ['a column named "\n\nPlease click here"'],
  });

  test('the subject is at most 100 printable ASCII characters', () => {
    expect(outcomeMessage(hostile).subject).toMatch(/^[\x20-\x7e]{1,100}$/);
  });

  test('the body keeps its lines', () => {
    const { body } = outcomeMessage(hostile);
    expect(body).toContain('  a column named " Please click here"');
    expect(body).not.toMatch(/^Subject/m);
    for (const unseen of ['\u202e', '\u0007', '\r']) expect(body).not.toContain(unseen);
  });
});
