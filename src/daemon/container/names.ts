// Names of containers: what a person may choose, and two words for those who do not choose.
import { randomInt } from 'node:crypto';
import { LabError } from '../../base/errors.ts';

const form = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** Errors: invalidArgument in Docker's words. @source docker daemon/names */
export function checkName(name: string): string {
  const bare = name.replace(/^\//, '');
  if (form.test(bare)) return bare;
  throw new LabError('invalidArgument', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

const manners =
  'amber brisk calm candid clear coastal cosy crisp deft early eager fair fluent frank gentle glad golden handy honest keen kind ' +
  'lively loyal lucid mellow merry mild neat nimble patient plain prompt quiet rapid ready rustic sharp silver sleek snug solid ' +
  'spry steady sunny swift tidy trim vivid warm witty';
const things =
  'anchor anvil barge basin beacon bridge buoy cabin canal cargo cedar cliff clock compass cove crane creek delta dock ferry fjord ' +
  'gantry girder glacier harbour heron jetty kettle lantern ledger lighthouse lock mast mill oar otter pebble pier plover pulley ' +
  'quay rafter reef rudder sextant sluice spindle tern tide trawler turbine wharf winch';

const pick = (words: string): string => {
  const list = words.split(' ');
  return list[randomInt(list.length)] ?? '';
};

/** Two words that no other container has; a number follows when luck runs out. */
export function newName(isFree: (name: string) => boolean): string {
  for (let attempt = 0; ; attempt++) {
    const name = `${pick(manners)}_${pick(things)}${attempt > 5 ? randomInt(1000) : ''}`;
    if (isFree(name)) return name;
  }
}
