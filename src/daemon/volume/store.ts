// Named volumes: a folder each, `<data root>/volumes/<name>/_data`. @source docker-api Volume
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as v from 'valibot';
import { LabError } from '../../base/errors.ts';
import { textMap } from '../schema/fields.ts';
import { formatNs } from '../time.ts';

export interface VolumeResource {
  Name: string;
  Driver: 'local';
  Mountpoint: string;
  Scope: 'local';
  CreatedAt: string;
  Labels: Record<string, string>;
  Options: null;
}

/** @source docker volume/local: a name becomes a folder, so it holds no separator and no leading dot */
const form = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const labelsSchema = v.object({ labels: textMap });

interface Owner {
  uid: number;
  gid: number;
}

export class VolumeStore {
  readonly #root: string;
  readonly #owner: Owner;

  /** New folders belong to `owner`: the root of mapped containers, as with Docker for all containers then. */
  constructor(root: string, owner: Owner = { uid: 0, gid: 0 }) {
    this.#root = root;
    this.#owner = owner;
  }

  /** A folder of the host that a request names and that is not there; its missing parents too. */
  makeFolder(path: string): void {
    const first = mkdirSync(path, { recursive: true, mode: 0o755 });
    for (let at = path; first !== undefined && at.length >= first.length; at = dirname(at)) this.#own(at);
  }

  #own(path: string): void {
    const { uid, gid } = this.#owner;
    if (uid !== 0 || gid !== 0) chownSync(path, uid, gid);
  }

  /** The volume of that name, made when it is missing. Errors: invalidArgument. */
  ensure(name: string, labels: Record<string, string> = {}): VolumeResource {
    checkVolumeName(name);
    const folder = this.#folder(name);
    if (!existsSync(`${folder}/_data`)) {
      // Others must not reach the setuid programs that a container may keep here (CVE-2021-41091).
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      mkdirSync(`${folder}/_data`, { mode: 0o755 });
      this.#own(`${folder}/_data`);
      writeFileSync(`${folder}/volume.json`, JSON.stringify({ labels }));
    }
    return this.inspect(name);
  }

  newName(): string {
    return randomBytes(32).toString('hex');
  }

  /** Errors: notFound in Docker's words. */
  inspect(name: string): VolumeResource {
    const folder = this.#folder(name);
    if (!form.test(name) || !existsSync(`${folder}/_data`))
      throw new LabError('notFound', `get ${name}: no such volume`);
    return {
      Name: name,
      Driver: 'local',
      Mountpoint: `${folder}/_data`,
      Scope: 'local',
      CreatedAt: formatNs(BigInt(Math.round(statSync(folder).birthtimeMs)) * 1_000_000n),
      Labels: readLabels(`${folder}/volume.json`),
      Options: null,
    };
  }

  list(): VolumeResource[] {
    if (!existsSync(this.#root)) return [];
    return readdirSync(this.#root).flatMap((name) =>
      existsSync(`${this.#folder(name)}/_data`) ? [this.inspect(name)] : [],
    );
  }

  /** Errors: notFound. The caller has made sure that no container uses it. */
  remove(name: string): void {
    this.inspect(name);
    rmSync(this.#folder(name), { recursive: true, force: true });
  }

  #folder(name: string): string {
    return `${this.#root}/${name}`;
  }
}

function checkVolumeName(name: string): void {
  if (form.test(name)) return;
  throw new LabError(
    'invalidArgument',
    `"${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. ` +
      'If you intended to pass a host directory, use absolute path',
  );
}

function readLabels(path: string): Record<string, string> {
  try {
    return v.parse(labelsSchema, JSON.parse(readFileSync(path, 'utf8'))).labels;
  } catch {
    return {};
  }
}
