import { MISSING_WORDS } from '../../domain/data-schema.ts';
import { DECIMAL_COMMA } from '../../domain/decimal-comma.ts';
import { rawColumn } from './dataset-columns.ts';
import { type Engine, sqlText, sqlTexts } from './duckdb.ts';

/**
 * Gives table `part` decimal points where its numbers have decimal commas: in columns that hold nothing but such numbers,
 * at least one of them with a comma, and that nobody calls text. A column that is only nearly so stays as it is, for
 * the validation to name the cells.
 */
export async function readDecimalCommas(
  engine: Engine,
  columns: readonly string[],
  isText: (column: string) => boolean,
): Promise<void> {
  const cells = columns.flatMap((name, index) => (isText(name) ? [] : [rawColumn(index)]));
  const withCommas = await pick(engine, cells, (cell) => `count_if(contains(${cell}, ',')) > 0`);
  const numbers = await pick(engine, withCommas, (cell) => {
    const text = `trim(${cell})`;
    return `count_if(${text} <> '' AND NOT regexp_full_match(${text}, ${PATTERN}) AND lower(${text}) NOT IN ${MISSING}) = 0`;
  });
  if (numbers.length === 0) return;
  const point = (cell: string) =>
    `${cell} = CASE WHEN regexp_full_match(trim(${cell}), ${PATTERN})
      THEN replace(replace(${cell}, '.', ''), ',', '.') ELSE ${cell} END`;
  await engine.run(`UPDATE part SET ${numbers.map(point).join(', ')}`);
}

const PATTERN = sqlText(DECIMAL_COMMA);
const MISSING = sqlTexts([...MISSING_WORDS, 'nan']);

async function pick(engine: Engine, cells: readonly string[], condition: (cell: string) => string): Promise<string[]> {
  if (cells.length === 0) return [];
  const [row = []] = await engine.rows(`SELECT ${cells.map(condition).join(', ')} FROM part`);
  return cells.filter((_, index) => row[index] === true);
}
