// mount(2) and umount2(2) through koffi. A refusal names the call, both paths and the errno.
import { emit } from '../../trace/recorder.ts';
import { errnoName, kernelError } from '../errors.ts';
import { type Mounts, mountFlags, unmountFlags } from '../kernel.ts';
import { library } from './library.ts';

const joinFlags = <Name extends string>(names: readonly Name[], table: Record<Name, number>): number =>
  names.reduce((sum, name) => sum | table[name], 0);

/** Words of mount(8) for the flags that have one. */
const optionWords: Record<string, string> = {
  MS_RDONLY: 'ro',
  MS_NOSUID: 'nosuid',
  MS_NODEV: 'nodev',
  MS_NOEXEC: 'noexec',
  MS_REMOUNT: 'remount',
  MS_NOATIME: 'noatime',
  MS_BIND: 'bind',
  MS_MOVE: 'move',
  MS_REC: 'rec',
  MS_PRIVATE: 'private',
  MS_SLAVE: 'slave',
  MS_SHARED: 'shared',
  MS_UNBINDABLE: 'unbindable',
};

export const realMounts: Mounts = {
  attach({ source, target, fstype = '', flags = [], data = '' }) {
    const bits = joinFlags(flags, mountFlags);
    const failed = library().mount(source, target, fstype || null, bits, data || null) !== 0;
    const errno = failed ? library().errno() : 0;
    const options = [...flags.map((flag) => optionWords[flag] ?? flag), ...(data === '' ? [] : [data])].join(',');
    const type = fstype === '' ? '' : `-t ${fstype} `;
    emit('kernel.mount-attached', {
      data: { source, target, fstype, options, ...(failed ? { errno: errnoName(errno) } : {}) },
      twin: `mount ${type}${options === '' ? '' : `-o ${options} `}${source || 'none'} ${target}`,
    });
    if (failed) throw kernelError({ call: 'mount(2)', what: `mounting ${fstype || source} on "${target}"`, errno });
  },

  detach(target, flags = []) {
    const failed = library().umount2(target, joinFlags(flags, unmountFlags)) !== 0;
    const errno = failed ? library().errno() : 0;
    emit('kernel.mount-detached', {
      data: { target, flags: flags.join('|'), ...(failed ? { errno: errnoName(errno) } : {}) },
      twin: `umount ${flags.includes('MNT_DETACH') ? '--lazy ' : ''}${target}`,
    });
    if (failed) throw kernelError({ call: 'umount2(2)', what: `unmounting "${target}"`, errno });
  },
};
