import { afterAll, expect, test } from 'vitest';
import { Evaluator } from '../../../local/states/language/evaluator.ts';
import { LIMITS } from '../../../local/states/language/limits.ts';

const evaluator = new Evaluator({ ...LIMITS, milliseconds: 100, threadMilliseconds: 1_000 });
afterAll(() => evaluator.stop());

const evaluate = async (...expressions: string[]) =>
  evaluator.evaluate(expressions, {
    states: { input: { text: `${'a'.repeat(40)}!` } },
    variables: { n: 2 },
    now: Date.parse('2030-01-01T00:00:00Z'),
  });
const message = async (expression: string) => {
  const [outcome] = await evaluate(expression);
  return outcome?.kind === 'error' ? outcome.message : outcome?.kind;
};

test('Evaluator gives an outcome for each expression up to the first without a value', async () => {
  expect(await evaluate('$n + 1', '$states.input.missing', '$n')).toEqual([
    { kind: 'value', json: '3' },
    { kind: 'nothing' },
  ]);
});

test('Evaluator sees the time of the cloud', async () => {
  expect(await evaluate('$now()', '$millis()')).toEqual([
    { kind: 'value', json: '"2030-01-01T00:00:00.000Z"' },
    { kind: 'value', json: '1893456000000' },
  ]);
});

test.each([
  ['a loop that never ends', '($f := function($n) { $f($n + 1) }; $f(1))', /^Expression evaluation timeout/],
  [
    'a regular expression that backtracks',
    '$contains($states.input.text, /^(a+)+$/)',
    /^Expression evaluation timeout/,
  ],
  ['recursion', '($f := function($n) { 1 + $f($n) }; $f(1))', /^Stack overflow error/],
  ['a long array', '[1..900000]', /memory limit exceeded/],
  [
    'a long text',
    "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $d('x', 24))",
    /memory limit exceeded/,
  ],
])('Evaluator stops %s and goes on', async (_what, expression, expected) => {
  expect(await message(expression)).toMatch(expected);
  expect(await evaluate('$n')).toEqual([{ kind: 'value', json: '2' }]);
});

test('Evaluator gives no functions', async () => {
  expect(await message('function($x) { $x }')).toBe('unsupported');
  expect(await message('/a/')).toBe('unsupported');
});

test('Evaluator keeps nothing from one evaluation to the next', async () => {
  await evaluate('$left := 1');
  expect(await message('$left')).toBe('nothing');
});
