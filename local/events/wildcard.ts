import { invalid } from './pattern.ts';

/** More wildcards than this in one pattern are refused as too complex; EventBridge's own measure is not documented. */
const MOST_WILDCARDS = 5;

/** `*` stands for any text, `\*` for a star, `\\` for a backslash. */
export function wildcard(pattern: string): (value: string) => boolean {
  const pieces: string[] = [''];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '\\') {
      const next = pattern.charAt(at + 1);
      if (next !== '*' && next !== '\\') throw invalid(`Invalid escape character at pos ${at}`);
      pieces[pieces.length - 1] += next;
      at += 1;
    } else if (character === '*') {
      if (pattern.charAt(at + 1) === '*') throw invalid(`Consecutive wildcard characters at pos ${at + 1}`);
      pieces.push('');
    } else {
      pieces[pieces.length - 1] += character;
    }
  }
  if (pieces.length - 1 > MOST_WILDCARDS) {
    throw invalid(
      'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
    );
  }
  return (value) => matchesPieces(value, pieces);
}

/** The first piece stands at the start, the last at the end, the others in order between: no backtracking is needed. */
function matchesPieces(value: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces;
  if (rest.length === 0) return value === first;
  const last = rest.pop() ?? '';
  if (!value.startsWith(first) || !value.endsWith(last) || value.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = value.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= value.length - last.length;
}
