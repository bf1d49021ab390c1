import type { Metrics } from './evaluation.ts';
import type { OutcomeStatus } from './flow.ts';
import type { Stage } from './registry-items.ts';
import { metricLabel, plainLine, showCount, showInterval, showNumber } from './wording.ts';

/** What happened to an upload, as far as it is known to whoever tells it. */
export interface OutcomeFacts {
  readonly model: string;
  readonly status: OutcomeStatus | 'AWAITING_APPROVAL';
  readonly runId: string | null;
  readonly upload: { readonly bucket: string; readonly key: string; readonly versionId: string };
  readonly rows?: number;
  readonly version?: number | null;
  readonly semver?: string | null;
  /** Where the version stands: a registered one is live, waits for its rollout, or was overtaken. */
  readonly stage?: Stage | null;
  readonly reasons: readonly string[];
  readonly metrics?: Metrics;
  /** The champion's metrics on the same rows. */
  readonly championMetrics?: Metrics | null;
  /** The run that did the work already, or that took this one's place. */
  readonly otherRunId?: string | null;
  /** Until when an answer is waited for. */
  readonly expiresAt?: string;
  /** Places to look at: S3 addresses and links, the most telling first. */
  readonly links?: readonly string[];
}

export interface Message {
  /** At most 100 printable ASCII characters, as SNS demands of a subject. */
  readonly subject: string;
  readonly body: string;
}

/** The text that people get for an outcome: what, why, numbers, where to look. */
export function outcomeMessage(facts: OutcomeFacts): Message {
  const { subject, sentence } = HEADLINES[facts.status](facts);
  const sections = [
    [sentence],
    section('Why', facts.reasons.map(plainLine)),
    section('Numbers', metricLines(facts)),
    section('Data', dataLines(facts)),
    section('Look at', [...(facts.links ?? []).map(plainLine), ...commands(facts)]),
  ];
  const body = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
  return { subject: ascii(`${facts.model}: ${subject}`), body: `${body}\n` };
}

interface Headline {
  readonly subject: string;
  readonly sentence: string;
}

const HEADLINES: Record<OutcomeFacts['status'], (facts: OutcomeFacts) => Headline> = {
  REGISTERED: (facts) =>
    facts.stage === 'CHAMPION'
      ? {
          subject: `${versionName(facts)} is live`,
          sentence: `${capital(versionName(facts))} of model "${facts.model}" passed its gates and serves now.`,
        }
      : {
          subject: `${versionName(facts)} is registered`,
          sentence: `${capital(versionName(facts))} of model "${facts.model}" passed its gates and is registered; it does not serve.`,
        },
  AWAITING_APPROVAL: (facts) => ({
    subject: `${versionName(facts)} waits for your approval`,
    sentence:
      `${capital(versionName(facts))} of model "${facts.model}" passed its gates and waits for a person to approve it` +
      `${facts.expiresAt ? ` until ${facts.expiresAt}; without an answer it is rejected` : ''}.`,
  }),
  REJECTED: (facts) => ({
    subject: `${versionName(facts)} was rejected`,
    sentence: `${capital(versionName(facts))} of model "${facts.model}" was rejected. Whatever served before serves on.`,
  }),
  QUARANTINED: (facts) => ({
    subject: 'an upload was quarantined',
    sentence: `The upload for model "${facts.model}" cannot be used and was moved to quarantine. Upload a corrected file to start again.`,
  }),
  SUPERSEDED: (facts) => ({
    subject: 'an upload was superseded by a newer one',
    sentence: `The upload for model "${facts.model}" was not trained on: a newer one took its place${other(facts)}.`,
  }),
  DUPLICATE: (facts) => ({
    subject: 'an upload repeats known data',
    sentence: `The upload for model "${facts.model}" holds data that is known already${other(facts)}. Nothing was started.`,
  }),
  LABELLED: (facts) => ({
    subject: 'late labels arrived',
    sentence: `${showCount(facts.rows ?? 0)} late labels of model "${facts.model}" were taken in; they are matched with their predictions from the next window on.`,
  }),
  FAILED: (facts) => ({
    subject: 'a run failed',
    sentence: `The run for model "${facts.model}" failed. Whatever served before serves on; uploading the file again tries again.`,
  }),
};

const versionName = ({ semver, version }: OutcomeFacts) =>
  semver ? `version ${semver}` : version ? `version number ${version}` : 'the new version';

const other = ({ otherRunId }: OutcomeFacts) => (otherRunId ? ` (run ${otherRunId})` : '');

function metricLines({ metrics = {}, championMetrics }: OutcomeFacts): string[] {
  return Object.entries(metrics).map(([name, estimate]) => {
    const champion = championMetrics?.[name];
    const against = champion ? `, champion ${showNumber(champion.value)}` : '';
    return `${metricLabel(name)} ${showNumber(estimate.value)} (95 % interval ${showInterval(estimate)})${against}`;
  });
}

function dataLines({ upload, rows, runId }: OutcomeFacts): string[] {
  return [
    plainLine(`s3://${upload.bucket}/${upload.key}`),
    `object version ${plainLine(upload.versionId)}${rows === undefined ? '' : `, ${showCount(rows)} rows`}`,
    ...(runId ? [`run ${runId}`] : []),
  ];
}

function commands({ model, version, status }: OutcomeFacts): string[] {
  if (status === 'LABELLED') return [`sluice report ${model}`];
  if (!version) return [`sluice runs ${model}`];
  const answers = [`sluice approve ${model}@${version}`, `sluice reject ${model}@${version}`];
  return [`sluice card ${model}@${version}`, ...(status === 'AWAITING_APPROVAL' ? answers : [])];
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)];

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const ascii = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
