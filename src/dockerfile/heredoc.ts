// Here-documents of RUN, COPY and ADD: `<<NAME`, `<<-NAME` (leading tabs are cut), `<<"NAME"` (nothing is expanded in it).
// @source dockerfile reference: Here-documents
import { splitWords } from './words.ts';

export interface Heredoc {
  name: string;
  /** Ends in a line break, unless it is empty. */
  body: string;
  /** Variables in the body are replaced: its name was written without quotes. */
  expands: boolean;
  /** `<<-` */
  stripsTabs: boolean;
  /** `3<<NAME`; undefined for the standard input. */
  descriptor?: number;
}

export const takesHeredocs = (text: string): boolean => /^(?:onbuild\s+)?(?:run|copy|add)\s/i.test(text);

const form = /^(\d*)<<(-?)([^<]+)$/;

/** The heredocs that a line starts, in order, with empty bodies. */
export function heredocsOf(text: string, escapeToken: string): Heredoc[] {
  if (!text.includes('<<')) return [];
  return splitWords(text, escapeToken).flatMap((word) => {
    const [, descriptor = '', dash = '', quoted = ''] = form.exec(word) ?? [];
    const name = unquoted(quoted);
    if (name === undefined) return [];
    const heredoc: Heredoc = { name, body: '', expands: name === quoted, stripsTabs: dash === '-' };
    return [descriptor === '' ? heredoc : { ...heredoc, descriptor: Number(descriptor) }];
  });
}

/** A name without its quotes; undefined when it is none. */
function unquoted(text: string): string | undefined {
  const [, inner] = /^(?:"([^"']+)"|'([^"']+)'|([^"'\s]+))$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  return inner;
}
