// A stack of undo steps: a verb that makes three things pushes three undos, and a failure runs them in reverse order.

/** Steps to take back, newest first. `await using` it; call `keep()` when the verb has succeeded. */
export class UndoStack {
  #steps: Array<{ what: string; undo: () => unknown }> = [];

  push(what: string, undo: () => unknown): void {
    this.#steps.push({ what, undo });
  }

  /** The verb succeeded: nothing is taken back. */
  keep(): void {
    this.#steps = [];
  }

  /** Runs every step even when one of them throws; the errors come back together. */
  async undo(): Promise<Error[]> {
    const errors: Error[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step.undo();
      } catch (error) {
        errors.push(new Error(`undoing ${step.what}`, { cause: error }));
      }
    }
    return errors;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo();
  }
}
