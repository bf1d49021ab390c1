import { styleText } from 'node:util';

const style =
  (format: Parameters<typeof styleText>[0]) =>
  (text: string): string =>
    styleText(format, text);

/**
 * Colours for a terminal, and none where standard output is a file or a pipe, on a build server too. `NO_COLOR` and
 * `FORCE_COLOR` decide otherwise, as Node's `util.styleText` reads them.
 */
export const colours = {
  bold: style('bold'),
  dim: style('dim'),
  italic: style('italic'),
  red: style('red'),
  green: style('green'),
  yellow: style('yellow'),
  cyan: style('cyan'),
};
