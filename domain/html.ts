import { plainLine } from './wording.ts';

/** Markup that is safe to put into a page as it is; made by {@link html} only. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** A template whose every value is escaped, for text and for quoted attributes alike; only other templates pass as markup. */
export function html(fixed: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(fixed.map((text, index) => text + markupOf(parts[index])).join(''));
}

function markupOf(part: Part): string {
  if (part === null || part === undefined || part === false) return '';
  if (part instanceof Html) return part.toString();
  if (Array.isArray(part)) return part.map(markupOf).join('');
  // A number stays on the line of its per cent sign.
  const line = plainLine(String(part)).replace(/(\d) %/g, '$1\u00a0%');
  return line.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
