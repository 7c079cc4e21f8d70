// Everything that is derived from the system calls of a real engine: what its programs did (derive.ts beside this file) and what they
// changed in the kernel (effects/derive.ts), as one list. Rule: what the container itself does after execve is its own affair.
import type { TraceEvent } from '../../trace/file.ts';
import { type DerivedEvent, EffectDeriver } from '../effects/derive.ts';
import { XrayDeriver } from './derive.ts';

export class EngineDeriver {
  readonly #xray: XrayDeriver;
  readonly #effects: EffectDeriver;

  constructor(events: readonly TraceEvent[]) {
    this.#xray = new XrayDeriver(events);
    this.#effects = new EffectDeriver(events, { isForeign: () => true });
  }

  /** One event of level 3, in order of time. */
  see(event: TraceEvent): void {
    this.#xray.see(event);
    if (event.data.process !== 'container') this.#effects.see(event);
  }

  finish(): DerivedEvent[] {
    const effects = this.#effects.finish().map((derived) => this.#placed(derived));
    return [...this.#xray.finish(), ...effects];
  }

  /** In the span of the door that its process works for, and with the field of the request that the engine's own work stands on. */
  #placed({ event, calls }: DerivedEvent): DerivedEvent {
    const { own, ...data } = event.data;
    const placed = { ...event, span: this.#xray.spanOf(event.pid) };
    const { fstype, rule } = data;
    if (event.type === 'kernel.operation-executed' && !isRuntime(calls[0])) {
      const { cause: _, ...rest } = placed; // it is like a step of the runtime, and is none
      const cause = data.operation === 'setns' ? this.#xray.causeOf('/HostConfig/NetworkMode') : undefined;
      return { event: { ...rest, data: { ...data, own: true }, ...(cause && { cause }) }, calls };
    }
    const field = own !== true ? undefined : fieldOf(event.type, { fstype, rule });
    const cause = field && this.#xray.causeOf(field);
    return { event: cause === undefined ? placed : { ...placed, data, cause }, calls };
  }
}

const isRuntime = (call: TraceEvent | undefined): boolean =>
  /^(runc|crun|runsc|youki)$/.test(String(call?.data.process));

/** What dockerd does itself, for which field of the request: the root from the image, links and rules for the network and its ports. */
function fieldOf(type: string, { fstype, rule }: { fstype: unknown; rule: unknown }): `/${string}` | undefined {
  if (type === 'kernel.mount-attached' && fstype === 'overlay') return '/Image';
  if (/^kernel\.rule-/.test(type) && / --dport /.test(` ${String(rule)} `)) return '/HostConfig/PortBindings';
  return /^kernel\.(rule|chain|netlink|network-namespace)-/.test(type) ? '/HostConfig/NetworkMode' : undefined;
}
