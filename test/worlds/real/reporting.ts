import { join } from 'node:path';

type Reporter = 'default' | ['json', { outputFile: string }];

/** What people read, and where HEADGATE_REPORTS names a folder also a file for programs: the lane's name and `.json`. */
export function reportersFor(lane: string): Reporter[] {
  const folder = process.env.HEADGATE_REPORTS;
  return folder ? ['default', ['json', { outputFile: join(folder, `${lane}.json`) }]] : ['default'];
}
