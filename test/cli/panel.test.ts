import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Panel } from '../../cli/panel.ts';

const ESCAPE = String.fromCharCode(27);

function panelOn(isTTY: boolean) {
  const written: string[] = [];
  const stream = { isTTY, columns: 10, write: (text: string) => written.push(text) > 0 };
  return { panel: new Panel(stream as unknown as NodeJS.WriteStream), written };
}

beforeEach(() => void vi.stubEnv('TERM', 'xterm'));
afterEach(() => void vi.unstubAllEnvs());

test('what is so now takes the place of what was so, on a terminal', () => {
  const { panel, written } = panelOn(true);
  panel.show('one\ntwo, which is longer than the terminal is wide');
  panel.show('three');
  panel.clear();
  panel.clear();
  expect(written).toEqual(['one\ntwo, which\n', `${ESCAPE}[2A${ESCAPE}[J`, 'three\n', `${ESCAPE}[1A${ESCAPE}[J`]);
});

test('where nobody watches a terminal it is written below', () => {
  const { panel, written } = panelOn(false);
  panel.show('one\ntwo, which is longer');
  panel.show('three');
  panel.clear();
  expect(written).toEqual(['one\ntwo, which is longer\n', 'three\n']);
});
