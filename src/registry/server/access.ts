// Who may do what. Without a users file everybody may pull, and push unless the registry is read-only; with one, logins are Basic, or a
// token from this registry's own realm (/token), as Docker Hub's. In a class everybody may pull, and only who logs in, or sits at this
// machine, may push.
// Rule: what cannot be decided is refused; a token says what it is for and is signed with a secret of this process.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Refused } from './errors.ts';
import type { Users } from './users.ts';

export type Action = 'pull' | 'push' | 'delete';

export interface AccessOptions {
  users: Users | undefined;
  scheme: 'basic' | 'token';
  /** What a client without a login may do. */
  anonymous: readonly Action[];
  /** Programs on this machine may push without a login. */
  isOpenHere: boolean;
  /** Nobody pushes or deletes. */
  isReadOnly: boolean;
  isTls: boolean;
}

interface Grant {
  name: string;
  actions: string[];
}

interface Claims {
  sub: string;
  access: Grant[];
  /** Seconds since 1970. */
  exp: number;
  /** A refresh token buys tokens and nothing else. */
  refresh?: boolean;
}

const service = 'tlab-registry';
const tokenLifeSeconds = 300;
const refreshLifeSeconds = 30 * 24 * 3600;

export class Access {
  readonly #options: AccessOptions;
  readonly #secret = randomBytes(32);

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Who it is: the user, or the address of who needs no login. Errors: UNAUTHORIZED with the challenge, DENIED, UNSUPPORTED. */
  async check(request: IncomingMessage, repository: string, action: Action): Promise<string> {
    const { isReadOnly, users } = this.#options;
    if (isReadOnly && action !== 'pull') throw new Refused('UNSUPPORTED', `this registry is read-only: no ${action}`);
    if (this.#mayAnybody(request, action) && (repository !== '' || users === undefined))
      return request.socket.remoteAddress ?? '';
    if (users === undefined) throw new Refused('DENIED', `${action}: this registry takes it only from its own machine`);
    const user = await this.#userFor(request, repository, action);
    if (user === undefined) throw this.#challenge(request, repository, action);
    return user;
  }

  #mayAnybody(request: IncomingMessage, action: Action): boolean {
    const { anonymous, isOpenHere } = this.#options;
    return anonymous.includes(action) || (isOpenHere && isLoopback(request.socket.remoteAddress));
  }

  async #userFor(request: IncomingMessage, repository: string, action: Action): Promise<string | undefined> {
    const [, scheme = '', value = ''] = /^(\S+) +(\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (/^basic$/i.test(scheme) && this.#options.scheme === 'basic') {
      const { name, password } = pairOf(value);
      return (await this.#options.users?.isRight(name, password)) === true ? name : undefined;
    }
    if (!/^bearer$/i.test(scheme)) return undefined;
    const claims = this.#read(value);
    if (claims === undefined || claims.refresh) return undefined;
    const isAllowed = claims.access.some((grant) => grant.name === repository && grant.actions.includes(action));
    if (repository === '' ? claims.sub === '' : !isAllowed) return undefined;
    return claims.sub || request.socket.remoteAddress;
  }

  /** @source distribution spec/auth/token#how-to-authenticate */
  #challenge(request: IncomingMessage, repository: string, action: Action): Refused {
    const actions = action === 'pull' ? 'pull' : action === 'push' ? 'pull,push' : 'delete';
    const scope = repository === '' ? '' : `,scope="repository:${repository}:${actions}"`;
    const host = /^[\w.:[\]-]+$/.exec(request.headers.host ?? '')?.[0] ?? 'localhost';
    const realm = `${this.#options.isTls ? 'https' : 'http'}://${host}/token`;
    const bearer = `Bearer realm="${realm}",service="${service}"${scope}`;
    return new Refused('UNAUTHORIZED', 'a login is needed', {
      headers: { 'www-authenticate': this.#options.scheme === 'token' ? bearer : `Basic realm="${service}"` },
    });
  }

  /** GET and POST /token: what the client asks for, as far as it may. Errors: UNAUTHORIZED, UNSUPPORTED. */
  async token(request: IncomingMessage, parameters: URLSearchParams): Promise<Record<string, unknown>> {
    const { users, scheme } = this.#options;
    if (users === undefined || scheme !== 'token') throw new Refused('UNSUPPORTED', 'this registry gives no tokens');
    const user = await this.#userOf(request, parameters, users);
    const asked = parameters
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .flatMap(grantOf);
    const access = asked.map(({ name, actions }) => ({ name, actions: actions.filter((one) => this.#may(user, one)) }));
    const token = this.#sign({ sub: user ?? '', access, exp: nowSeconds() + tokenLifeSeconds });
    const wantsRefresh = parameters.get('offline_token') === 'true' || parameters.get('access_type') === 'offline';
    const refresh =
      user === undefined || !wantsRefresh
        ? {}
        : {
            refresh_token: this.#sign({ sub: user, access: [], exp: nowSeconds() + refreshLifeSeconds, refresh: true }),
          };
    return {
      token,
      access_token: token,
      expires_in: tokenLifeSeconds,
      issued_at: new Date().toISOString(),
      ...refresh,
    };
  }

  async #userOf(request: IncomingMessage, parameters: URLSearchParams, users: Users): Promise<string | undefined> {
    if (parameters.get('grant_type') === 'refresh_token') {
      const claims = this.#read(parameters.get('refresh_token') ?? '');
      if (claims?.refresh) return claims.sub;
      throw new Refused('UNAUTHORIZED', 'the refresh token is not good');
    }
    const basic = /^basic +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const isForm = parameters.get('grant_type') === 'password';
    if (basic === undefined && !isForm) return undefined;
    const form = { name: parameters.get('username') ?? '', password: parameters.get('password') ?? '' };
    const { name, password } = basic === undefined ? form : pairOf(basic);
    if (await users.isRight(name, password)) return name;
    throw new Refused('UNAUTHORIZED', 'wrong user name or password', {
      headers: { 'www-authenticate': `Basic realm="${service}"` },
    });
  }

  #may(user: string | undefined, action: string): boolean {
    if (!['pull', 'push', 'delete'].includes(action)) return false;
    return user !== undefined || this.#options.anonymous.includes(action as Action);
  }

  #sign(claims: Claims): string {
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  #read(token: string): Claims | undefined {
    const [body = '', mac = ''] = token.split('.');
    const [given, wanted] = [Buffer.from(mac, 'base64url'), this.#mac(body)];
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
    return claims.exp > nowSeconds() ? claims : undefined;
  }

  #mac = (body: string): Buffer => createHmac('sha256', this.#secret).update(body).digest();
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function pairOf(base64: string): { name: string; password: string } {
  const pair = Buffer.from(base64, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return { name: pair.slice(0, Math.max(colon, 0)), password: pair.slice(colon + 1) };
}

/** `repository:team/app:pull,push` */
function grantOf(scope: string): Grant[] {
  const [, name, actions] = /^repository:(.+):([a-z,*]+)$/.exec(scope) ?? [];
  if (name === undefined || actions === undefined) return [];
  return [{ name, actions: actions === '*' ? ['pull', 'push', 'delete'] : actions.split(',') }];
}

const isLoopback = (address: string | undefined): boolean =>
  address === '::1' || /^(::ffff:)?127\./.test(address ?? '');
