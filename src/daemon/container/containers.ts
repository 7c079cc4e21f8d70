// All containers, found by id, by name, or by the beginning of an id that only one has.
import { LabError } from '../../base/errors.ts';
import type { Container } from './container.ts';

export class Containers {
  readonly #byId = new Map<string, Container>();
  /** Names in use, also those of containers that are still being made. */
  readonly #names = new Map<string, string>();

  add(container: Container): void {
    this.#byId.set(container.id, container);
    this.#names.set(container.name, container.id);
  }

  remove(container: Container): void {
    this.#byId.delete(container.id);
    this.releaseName(container.name, container.id);
  }

  all(): Container[] {
    return [...this.#byId.values()];
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  isNameFree(name: string): boolean {
    return !this.#names.has(name);
  }

  /** Holds a name before anything is made, so that two creates at once cannot both have it. Errors: conflict, in Docker's words. */
  reserveName(name: string, id: string): void {
    const owner = this.#names.get(name);
    if (owner !== undefined && owner !== id) {
      throw new LabError(
        'conflict',
        `Conflict. The container name "/${name}" is already in use by container "${owner}". ` +
          'You have to remove (or rename) that container to be able to reuse that name.',
        { data: { name, owner } },
      );
    }
    this.#names.set(name, id);
  }

  releaseName(name: string, id: string): void {
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  /** Errors: notFound in Docker's words; invalidArgument when a prefix fits more than one. */
  find(reference: string): Container {
    const name = reference.replace(/^\//, '');
    const exact = this.#byId.get(name) ?? this.#byId.get(this.#names.get(name) ?? '');
    if (exact !== undefined) return exact;
    const found = /^[0-9a-f]+$/.test(name) ? this.all().filter((container) => container.id.startsWith(name)) : [];
    if (found.length > 1) {
      throw new LabError('invalidArgument', `multiple IDs found with provided prefix: ${name}`);
    }
    const [only] = found;
    if (only !== undefined) return only;
    throw new LabError('notFound', `No such container: ${name}`, { data: { container: name } });
  }
}
