import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameReader, frameTypes, headerBytes, largestFrameBytes } from '../../src/shim/codec.ts';

const frame = (streamId: number, text: string) => ({ streamId, type: frameTypes.request, payload: Buffer.from(text) });

test('a frame has its length, stream and type in ten big-endian bytes before the payload', () => {
  const bytes = encodeFrame(frame(0x01020304, 'abc'));
  assert.equal(bytes.toString('hex'), '00000003010203040100616263');
});

test('frames come out whole, whatever pieces they arrive in', () => {
  const bytes = Buffer.concat([encodeFrame(frame(1, 'one')), encodeFrame(frame(3, '')), encodeFrame(frame(5, 'five'))]);
  for (const size of [1, 2, 7, 13, bytes.length]) {
    const reader = new FrameReader();
    const texts: string[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      for (const { payload } of reader.push(bytes.subarray(at, at + size))) texts.push(Buffer.from(payload).toString());
    }
    assert.deepEqual(texts, ['one', '', 'five'], `in pieces of ${size}`);
  }
});

test('a frame longer than the limit is refused before it is read', () => {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(largestFrameBytes + 1, 0);
  header.writeUInt8(frameTypes.request, 8);
  assert.throws(() => new FrameReader().push(header), { kind: 'invalidArgument' });
  assert.throws(() => encodeFrame({ ...frame(1, ''), payload: Buffer.alloc(largestFrameBytes + 1) }), {
    kind: 'resourceExhausted',
  });
});

test('bytes that are not ttrpc are refused', () => {
  assert.throws(() => new FrameReader().push(Buffer.from('\0\0\0\x01GET / HTTP/1.1')), { kind: 'invalidArgument' });
});
