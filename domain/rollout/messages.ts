import type { Message } from '../messages.ts';
import { plainLine } from '../wording.ts';
import type { RolloutDecision } from './decision.ts';
import type { RolloutOutcome, RolloutRecord } from './record.ts';
import { showComparison } from './wording.ts';

const ENDED: Record<RolloutOutcome, readonly [subject: string, sentence: string]> = {
  PROMOTED: ['was promoted', 'It has all the traffic now.'],
  ROLLED_BACK: ['was rolled back', 'The champion has all the traffic again.'],
  ABORTED: ['was not rolled out', 'The rollout was stopped; the champion has all the traffic.'],
};

/** What people are told of a rollout that has ended. */
export function endedMessage(record: RolloutRecord, card: string): Message {
  const [ended, sentence] = ENDED[record.outcome ?? 'ABORTED'];
  return message(record, { subject: `${nameOf(record)} ${ended}`, sentence, why: record.why ?? '', look: [card] });
}

/** What people are told when the limit is reached and the evidence is not enough. */
export function stuckMessage(record: RolloutRecord, { why }: RolloutDecision): Message {
  return message(record, {
    subject: `${nameOf(record)} waits for your decision`,
    sentence: 'The rollout does not decide by itself. It goes on watching: harm and alarms still roll it back.',
    why,
    look: [
      `sluice watch ${record.model}`,
      `sluice rollout ${record.model}@${record.version} --promote`,
      `sluice rollback ${record.model}`,
    ],
  });
}

function message(
  record: RolloutRecord,
  told: { subject: string; sentence: string; why: string; look: readonly string[] },
): Message {
  const numbers = record.state.watched.map(showComparison);
  const section = (title: string, lines: readonly string[]) =>
    lines.length > 0 ? [`${title}\n${lines.map((line) => `  ${plainLine(line)}`).join('\n')}`] : [];
  const body = [
    told.sentence,
    ...section('Why', [told.why]),
    ...section('Numbers', numbers),
    ...section('Look at', told.look),
  ];
  const subject = `${record.model}: ${told.subject}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
  return { subject, body: `${body.join('\n\n')}\n` };
}

const nameOf = ({ kind, semver }: RolloutRecord) =>
  kind === 'CODE' ? `version ${semver} on new code` : `version ${semver}`;
