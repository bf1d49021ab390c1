/** How windows read in sentences. */

/** `2026-11-23, 10:00 to 11:00 UTC`, with both days where they differ. */
export function showWindow({ from, to }: { from: string; to: string }): string {
  const [start, end] = [stamp(from), stamp(to)];
  const last =
    start.day === end.day
      ? end.time
      : end.time === '00:00' && nextDay(start.day) === end.day
        ? '24:00'
        : `${end.day} ${end.time}`;
  return `${start.day}, ${start.time} to ${last} UTC`;
}

const stamp = (time: string) => ({ day: time.slice(0, 10), time: time.slice(11, 16) });
const nextDay = (day: string) => new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
