// ARG: which build arguments are seen where. Before the first FROM an ARG is seen by FROM lines only; a stage sees what it declares itself,
// from its line on, with the value of --build-arg, else its own default, else that of the global ARG of the same name.
// @source dockerfile reference: ARG, Scope; Predefined ARGs; Automatic platform ARGs
import type { Platform } from '../../oci/image.ts';
import { formatPlatform, hostPlatform } from '../../oci/platform.ts';

/** Usable in RUN without an ARG; then they are neither in the history nor in the cache key. */
const predefinedNames = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];
const predefined = new Set(predefinedNames.flatMap((name) => [name, name.toLowerCase()]));

/** SOURCE_DATE_EPOCH is the builder's own: it needs no ARG to have its effect. */
export const epochArgument = 'SOURCE_DATE_EPOCH';

/** Seen by FROM lines as they are; a stage declares them to see them. */
export function platformArguments(target: Platform, stage: string): Map<string, string> {
  const build = hostPlatform();
  const of = (prefix: string, platform: Platform): Array<[string, string]> => [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
  return new Map([...of('BUILD', build), ...of('TARGET', target), ['TARGETSTAGE', stage]]);
}

/** What came with the request, and which of it was used by anybody. */
export class GivenArguments {
  readonly #values: ReadonlyMap<string, string>;
  readonly #used = new Set<string>([epochArgument]);

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  get(name: string): string | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) this.#used.add(name);
    return value;
  }

  /** For RUN: proxies that were given, whether or not an ARG names them. */
  predefined(): Map<string, string> {
    return new Map([...this.#values].filter(([name]) => predefined.has(name)));
  }

  /** Given, but declared nowhere. */
  unused(): string[] {
    return [...this.#values.keys()].filter((name) => !this.#used.has(name) && !predefined.has(name)).sort();
  }
}

/** The arguments of one scope: the lines before FROM, or one stage. */
export class ArgumentScope {
  readonly #given: GivenArguments;
  readonly #outer: ReadonlyMap<string, string>;
  readonly #values = new Map<string, string | undefined>();

  /** `outer`: what an ARG without a default takes its value from: globals, platform arguments. */
  constructor(given: GivenArguments, outer: ReadonlyMap<string, string>) {
    this.#given = given;
    this.#outer = outer;
  }

  /** An ARG line; its default has its variables replaced already. */
  declare(name: string, fallback: string | undefined): void {
    this.#values.set(name, this.#given.get(name) ?? fallback ?? this.#outer.get(name));
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Those with a value, by name: all of them are in the history and the cache key of a RUN, proxies that an ARG names too. */
  entries(): Array<[name: string, value: string]> {
    return [...this.#values]
      .flatMap(([name, value]): Array<[string, string]> => (value === undefined ? [] : [[name, value]]))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
