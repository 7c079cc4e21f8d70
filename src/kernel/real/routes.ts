// IPv4 routes of one namespace over rtnetlink: those of the main table, and the default route of a sandbox.
import type { Route, Routes } from '../kernel.ts';
import { type Attributes, NLM_F_CREATE, NLM_F_EXCL } from '../netlink.ts';
import { AF_INET, RT_SCOPE_UNIVERSE, RT_TABLE_MAIN, RTN_UNICAST, RTPROT_BOOT } from '../rtnetlink.ts';
import type { NetlinkSocket } from './netlink-socket.ts';

const toRoute = (found: Attributes): Route => ({
  destination: typeof found.RTA_DST === 'string' ? found.RTA_DST : '0.0.0.0',
  prefixLength: Number(found.rtm_dst_len),
  gateway: typeof found.RTA_GATEWAY === 'string' ? found.RTA_GATEWAY : undefined,
  linkIndex: typeof found.RTA_OIF === 'number' ? found.RTA_OIF : undefined,
});

export function routesOf(socket: NetlinkSocket): Routes {
  return {
    // Local and broadcast routes repeat the addresses; only what leads somewhere matters here.
    list: async () =>
      (await socket.dump('RTM_GETROUTE', { rtm_family: AF_INET }))
        .filter((found) => found.rtm_type === RTN_UNICAST)
        .map(toRoute),

    addDefault: (gateway, link) =>
      socket.change({
        message: 'RTM_NEWROUTE',
        flags: NLM_F_CREATE | NLM_F_EXCL,
        values: {
          rtm_family: AF_INET,
          rtm_table: RT_TABLE_MAIN,
          rtm_protocol: RTPROT_BOOT,
          rtm_scope: RT_SCOPE_UNIVERSE,
          rtm_type: RTN_UNICAST,
          RTA_GATEWAY: gateway,
          RTA_OIF: link.index,
        },
        what: `default route via ${gateway}`,
        twin: `route add default via ${gateway} dev ${link.name}`,
      }),
  };
}
