import { mulberry32 } from '../../examples/churn/generator.ts';

/** Houses whose price follows size, rooms and district, with noise. */
export function housesCsv(rows: number, seed: number): string {
  const random = mulberry32(seed);
  const districts = ['harbour', 'hill', 'old town', 'station'];
  const lines = Array.from({ length: rows }, (_, index) => {
    const size = 30 + Math.floor(170 * random());
    const rooms = 1 + Math.floor(size / 35 + random());
    const district = Math.floor(4 * random());
    const price = 2_100 * size + 9_000 * rooms + 40_000 * district + 25_000 * (random() - 0.5);
    return `H${seed}-${index},${size},${rooms},${districts[district]},${price.toFixed(0)}`;
  });
  return `house,size,rooms,district,price\n${lines.join('\n')}\n`;
}

/** Three species whose petals overlap. */
export function flowersCsv(rows: number, seed: number): string {
  const random = mulberry32(seed);
  const species = ['setosa', 'versicolor', 'virginica'];
  const lines = Array.from({ length: rows }, () => {
    const kind = Math.floor(3 * random());
    const length = 1.4 + 1.4 * kind + 2.6 * random();
    const width = 0.3 + 0.6 * kind + 1.2 * random();
    return `${length.toFixed(2)},${width.toFixed(2)},${random() < 0.5 ? 'north' : 'south'},${species[kind]}`;
  });
  return `petal_length,petal_width,side,species\n${lines.join('\n')}\n`;
}
