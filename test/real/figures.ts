import { machineNow } from '../../src/clock.ts';

/** To a tenth of a second. */
export function secondsSince(begin: number, end = machineNow()): number {
  return Math.round((end - begin) / 100) / 10;
}

/** For those who compare runs. */
export function tellFigures(name: string, figures: object): void {
  console.log(`figures ${JSON.stringify({ [name]: figures })}`);
}
