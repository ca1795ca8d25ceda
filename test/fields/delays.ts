/** What is left of the pods some seconds after an update, or after its abort. */
import { later, settle } from '../transcripts/passes.ts';
import { user } from '../transcripts/world.ts';
import { type FieldCase, install, pods } from './matter.ts';

export function afterInstall(seconds: number): FieldCase['play'] {
  return (world) => {
    install(world);
    later(world, seconds);
    return pods(world);
  };
}

export function afterAbort(seconds: number): FieldCase['play'] {
  return (world) => {
    install(world);
    user.abort(world);
    settle(world);
    later(world, seconds);
    return pods(world);
  };
}
