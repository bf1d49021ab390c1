import { expect, test } from 'vitest';
import { cardText } from '../../cli/card-text.ts';
import { cardOf } from '../support/cards.ts';
import { binaryScores } from '../support/domain-builders.ts';

test('cardText() gives a terminal no line break and no command from a name in the data', () => {
  const bell = String.fromCharCode(27, 93, 48, 59, 7);
  const name = `new\nline${bell}`;
  const card = cardOf(binaryScores({ rows: 300 }), { kind: 'binary', name, classes: ['no', bell], positive: bell });
  card.evaluation.importance.splice(0, 1, { column: name, importance: 0.5 });
  const text = cardText(card);
  expect(text).not.toContain(bell.charAt(0));
  expect(text).toContain('target "new line ]0; "');
  expect(text).toMatch(/^ {2}new line \]0; +█+ 50 %$/m);
});
