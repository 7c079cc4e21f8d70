// A config.json in the making: every value is put together with its cause, so a document without provenance cannot be made.
import { pointerPart, type RuntimeConfigInput } from '../../oci/runtime.ts';
import type { Cause, Provenance } from '../../trace/cause.ts';

type Json = Record<string, unknown>;

export interface Draft {
  /** Sets the value at a pointer; objects on the way are made. An undefined value sets nothing. */
  put(pointer: string, value: unknown, cause: Cause): void;
  /** Adds to the list at a pointer. */
  append(pointer: string, value: unknown, cause: Cause): void;
  /** Says more precisely where a part of a value that is already there comes from. */
  explain(pointer: string, cause: Cause): void;
  finish(): { config: RuntimeConfigInput; provenance: Provenance };
}

export function newDraft(): Draft {
  const document: Json = {};
  const provenance: Provenance = {};
  const put = (pointer: string, value: unknown, cause: Cause): void => {
    if (value === undefined) return;
    const { parent, key } = placeOf(document, pointer);
    parent[key] = value;
    provenance[pointer] = cause;
  };
  return {
    put,
    append(pointer, value, cause) {
      const { parent, key } = placeOf(document, pointer);
      parent[key] ??= [];
      const list = parent[key] as unknown[];
      list.push(value);
      provenance[`${pointer}/${list.length - 1}`] = cause;
    },
    explain(pointer, cause) {
      provenance[pointer] = cause;
    },
    // The pieces are put by pointer, so the compiler cannot know the whole; a test parses it with the runtime spec's schema.
    finish: () => ({ config: document as unknown as RuntimeConfigInput, provenance }),
  };
}

function placeOf(document: Json, pointer: string): { parent: Json; key: string } {
  const keys = pointer.split('/').slice(1).map(unescapePart);
  const key = keys.pop() ?? '';
  let parent = document;
  for (const step of keys) {
    parent[step] ??= {};
    parent = parent[step] as Json;
  }
  return { parent, key };
}

const unescapePart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** The pointers of a document that have no cause, neither of their own nor of an ancestor below the root. */
export function orphansOf(value: unknown, provenance: Provenance, pointer = ''): string[] {
  if (pointer !== '' && provenance[pointer] !== undefined) return [];
  if (typeof value !== 'object' || value === null) return [pointer];
  const entries = Object.entries(value);
  if (entries.length === 0) return [pointer];
  return entries.flatMap(([key, entry]) => orphansOf(entry, provenance, `${pointer}/${pointerPart(key)}`));
}
