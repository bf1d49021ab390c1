import { AwsError, Unsupported } from '../kernel/errors.ts';
import { jsonFilter } from './json-filter.ts';

/**
 * Compiles a filter pattern: words that must all stand in a message, `"quoted text"`, `-excluded`, `?one ?or ?other`, or a condition
 * on JSON in braces. The syntax of columns and regular expressions are refused by name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 */
export function filterPattern(pattern: string): (message: string) => boolean {
  const text = pattern.trim();
  if (text.startsWith('{')) return jsonFilter(text);
  if (/^[[%]/.test(text)) throw new Unsupported(`the log filter pattern ${JSON.stringify(pattern)}`);
  const terms = [...text.matchAll(/([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))/g)].map(([, sign = '', quoted, word]) => ({
    sign,
    text: quoted?.replace(/\\(.)/g, '$1') ?? checkedWord(word ?? ''),
  }));
  const optional = terms.filter(({ sign }) => sign === '?');
  if (optional.length > 0) {
    if (optional.length < terms.length) throw new Unsupported(`a log filter pattern of optional and other terms`);
    return (message) => optional.some((term) => message.includes(term.text));
  }
  return (message) => terms.every((term) => message.includes(term.text) === (term.sign === ''));
}

function checkedWord(word: string): string {
  if (/^\w+$/.test(word)) return word;
  throw new AwsError('InvalidParameterException', `Invalid character(s) in term '${word}'`);
}
