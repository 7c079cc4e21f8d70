// Mounts as containerd's door has them: what they stack, and the command that makes one by hand.

export interface Mount {
  type: string;
  source: string;
  options: string[];
}

const isMap = (option: string): boolean => /^[ug]idmap=/.test(option);
const plainOptions = ({ options }: Mount): string => options.filter((option) => !isMap(option)).join(',');

/** Each lower directory over itself, with its ids mapped: what overlay then takes. @source man mount(8) X-mount.idmap */
function mappedLayersFirst({ options }: Mount): string {
  const map = options
    .filter(isMap)
    .flatMap((option) =>
      option
        .slice('uidmap='.length)
        .split(',')
        .map((range) => `${option.slice(0, 1)}:${range}`),
    )
    .join(' ');
  const lowers = options.find((option) => option.startsWith('lowerdir='))?.slice('lowerdir='.length) ?? '';
  return map === ''
    ? ''
    : lowers
        .split(':')
        .map((path) => `mount --bind -o 'X-mount.idmap=${map}' ${path} ${path} && `)
        .join('');
}

/** The command that a person would make this mount with, in a place of their own. */
export const mountCommand = (mount: Mount): string =>
  mount.type === 'bind'
    ? `mount -o ${plainOptions(mount)} ${mount.source} /mnt`
    : `${mappedLayersFirst(mount)}mount -t ${mount.type} -o ${plainOptions(mount)} ${mount.source} /mnt`;
