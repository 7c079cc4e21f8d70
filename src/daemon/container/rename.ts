// POST /containers/{id}/rename: another name for the same container.
import type { Engine } from '../engine.ts';
import type { Container } from './container.ts';
import { checkName } from './names.ts';

/** Errors: conflict when the name is taken, in Docker's words. */
export function renameContainer(engine: Engine, container: Container, newName: string): Promise<void> {
  const name = checkName(newName);
  return container.exclusively(async () => {
    container.require('RENAME');
    const oldName = container.name;
    if (name === oldName) return;
    engine.containers.reserveName(name, container.id);
    engine.containers.releaseName(oldName, container.id);
    container.record.name = name;
    container.save();
    engine.events.publish('container', 'rename', container.id, container.eventAttributes({ oldName: `/${oldName}` }));
  });
}
