/** Why a number cannot be told from these rows; returned in place of the number, which is therefore never NaN. */
export interface Insufficient {
  readonly insufficient: string;
}

export const insufficient = (reason: string): Insufficient => ({ insufficient: reason });

export function isInsufficient(result: object): result is Insufficient {
  return 'insufficient' in result;
}
