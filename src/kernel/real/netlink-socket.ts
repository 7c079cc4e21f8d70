// A rtnetlink socket in one namespace: sends a request, waits for its answers, throws the kernel's refusal.
// Every request that changes something emits kernel.netlink-sent, with the errno when it was refused.
import { closeSync } from 'node:fs';
import type { Cause } from '../../trace/cause.ts';
import { emit } from '../../trace/recorder.ts';
import { errnoName, kernelError } from '../errors.ts';
import {
  type Attributes,
  decodeError,
  decodePayload,
  encodeMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_ERROR,
  splitMessages,
} from '../netlink.ts';
import { type RtnetlinkMessage, rtnetlink } from '../rtnetlink.ts';
import { callAsync, checked, library } from './library.ts';

export interface Change {
  message: RtnetlinkMessage;
  values: Attributes;
  /** Besides REQUEST and ACK. */
  flags?: number;
  /** For errors: `link "tlab0"`. */
  what: string;
  /** The command behind `ip `, e.g. `link set dev tlab0 up`. */
  twin: string;
  cause?: Cause;
}

const smallAnswerBytes = 8192;
const dumpAnswerBytes = 1 << 20;

export class NetlinkSocket {
  #fd: number | undefined;
  #seq = 0;
  #busy: Promise<unknown> = Promise.resolve();
  readonly namespace: string | undefined;

  constructor(namespace: string | undefined) {
    this.namespace = namespace;
  }

  #open(): number {
    this.#fd ??= checked(library().netlinkOpen(this.namespace ?? null), {
      call: 'socket(2)',
      what: `netlink socket in ${this.namespace ?? 'the own namespace'}`,
    });
    return this.#fd;
  }

  // One exchange at a time: answers of two requests must not mix on one socket.
  async #exchange(request: Buffer, seq: number, capacity: number): Promise<Buffer> {
    const previous = this.#busy;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy = promise;
    try {
      await previous;
      const answer = Buffer.alloc(capacity);
      const fd = this.#open();
      const size = await callAsync(library().netlinkExchange, fd, request, request.length, answer, capacity, seq);
      checked(size, { call: 'netlink', what: 'rtnetlink exchange' });
      return answer.subarray(0, size);
    } finally {
      resolve();
    }
  }

  /** Sends one change and waits for its acknowledgement. */
  async change(change: Change): Promise<void> {
    const seq = ++this.#seq;
    const flags = NLM_F_REQUEST | NLM_F_ACK | (change.flags ?? 0);
    const request = encodeMessage(rtnetlink[change.message], { flags, seq, values: change.values });
    const answer = await this.#exchange(request, seq, smallAnswerBytes);
    const verdict = splitMessages(answer).find((message) => message.type === NLMSG_ERROR && message.seq === seq);
    const { errno, detail } = verdict === undefined ? { errno: 5, detail: 'no answer' } : decodeError(verdict);
    this.#emit(change, errno);
    if (errno !== 0) throw kernelError({ call: change.message, what: change.what, errno, detail });
  }

  #emit(change: Change, errno: number): void {
    const ip = this.namespace === undefined ? 'ip' : `nsenter --net=${this.namespace} ip`;
    emit('kernel.netlink-sent', {
      data: {
        message: change.message,
        attributes: change.values,
        namespace: this.namespace ?? 'host',
        ...(errno === 0 ? {} : { errno: errnoName(errno) }),
      },
      cause: change.cause,
      twin: `${ip} ${change.twin}`,
    });
  }

  /** All objects of a kind, each as its structure's fields and attributes. */
  async dump(message: RtnetlinkMessage, values: Attributes): Promise<Attributes[]> {
    const seq = ++this.#seq;
    const request = encodeMessage(rtnetlink[message], { flags: NLM_F_REQUEST | NLM_F_DUMP, seq, values });
    return this.#read(message, await this.#exchange(request, seq, dumpAnswerBytes));
  }

  /** One object; undefined when there is none. */
  async get(message: RtnetlinkMessage, values: Attributes): Promise<Attributes | undefined> {
    const seq = ++this.#seq;
    const request = encodeMessage(rtnetlink[message], { flags: NLM_F_REQUEST | NLM_F_ACK, seq, values });
    const answer = await this.#exchange(request, seq, smallAnswerBytes);
    const verdict = splitMessages(answer).find((part) => part.type === NLMSG_ERROR && part.seq === seq);
    if (verdict !== undefined && decodeError(verdict).errno !== 0) return undefined;
    return this.#read(message, answer)[0];
  }

  // Answers to RTM_GETx are RTM_NEWx, two numbers below. @source uapi linux/rtnetlink.h
  #read(message: RtnetlinkMessage, answer: Buffer): Attributes[] {
    const form = rtnetlink[message];
    return splitMessages(answer)
      .filter((part) => part.type === form.type - 2)
      .map((part) => decodePayload(form, part.payload));
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
