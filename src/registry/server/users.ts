// Who may log in: a file of `NAME:HASH` lines, as `htpasswd -B` writes it, with any hash that the C library knows (bcrypt, yescrypt,
// SHA-512). Read again when it changes. Rule: a name that does not exist costs as long as a wrong password.
import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { LabError } from '../../base/errors.ts';

/** Computes crypt(3) in another thread. @source man crypt(3) */
type Crypt = (password: string, setting: string) => Promise<string>;

/** @source crypt.h: sizeof(struct crypt_data) */
const cryptDataBytes = 32_768;
/** bcrypt of nothing in particular, cost 10. */
const nobodysHash = '$2y$10$abcdefghijklmnopqrstuuBWzRzUYYZDqeSjpC9Q8aVxCmPlLcXQi';
/** Forms that any machine breaks in seconds. */
const weak = /^(\{SHA\}|\$apr1\$|\$1\$|[^$]{13}$)/;

export class Users {
  readonly #path: string;
  readonly #crypt: Crypt;
  #hashes = new Map<string, string>();
  #readMs = -1;
  /** Digests of name, password and hash that were found right. */
  readonly #known = new Set<string>();

  constructor(path: string, crypt: Crypt) {
    this.#path = path;
    this.#crypt = crypt;
  }

  static async open(path: string): Promise<Users> {
    const users = new Users(path, loadCrypt());
    await users.#refresh();
    return users;
  }

  async isRight(name: string, password: string): Promise<boolean> {
    await this.#refresh();
    const hash = this.#hashes.get(name);
    // bcrypt takes a long time on purpose; a client sends its password with each request.
    const key = createHash('sha256')
      .update(JSON.stringify([name, password, hash ?? '']))
      .digest('hex');
    if (this.#known.has(key)) return true;
    const computed = Buffer.from(await this.#crypt(password, hash ?? nobodysHash));
    const wanted = Buffer.from(hash ?? '');
    if (hash === undefined || computed.length !== wanted.length || !timingSafeEqual(computed, wanted)) return false;
    if (this.#known.size > 1000) this.#known.clear();
    this.#known.add(key);
    return true;
  }

  async #refresh(): Promise<void> {
    const changed = await stat(this.#path).catch((cause) => {
      throw new LabError('notFound', `users file "${this.#path}": ${(cause as NodeJS.ErrnoException).code}`, { cause });
    });
    if (changed.mtimeMs === this.#readMs) return;
    this.#hashes = parseUsers(await readFile(this.#path, 'utf8'), this.#path);
    this.#readMs = changed.mtimeMs;
    this.#known.clear();
  }
}

/** Errors: invalidArgument, naming the line. */
export function parseUsers(text: string, path: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.indexOf(':');
    const [name, hash] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (colon <= 0 || hash === '' || weak.test(hash)) {
      throw new LabError(
        'invalidArgument',
        `${path}:${index + 1}: expected NAME:HASH with a bcrypt, yescrypt or SHA-512 hash`,
        {
          hint: `htpasswd -nB NAME, or: mkpasswd -m bcrypt`,
        },
      );
    }
    users.set(name, hash);
  }
  return users;
}

function loadCrypt(): Crypt {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const library = koffi.load('libcrypt.so.1');
  const cryptR = library.func('str crypt_r(str phrase, str setting, void *data)');
  return (password, setting) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    cryptR.async(password, setting, Buffer.alloc(cryptDataBytes), (error: unknown, result: string | null) =>
      error ? reject(error) : resolve(result ?? ''),
    );
    return promise;
  };
}
