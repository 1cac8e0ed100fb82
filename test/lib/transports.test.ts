import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatAddress, type Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { tcp } from '../../lib/transports/tcp.js';
import { Ear, linkPair } from '../helpers/links.js';
import { until } from '../helpers/until.js';

/** Chunks that can be told apart, more of them than any system buffers. */
const CHUNKS = Array.from({ length: 64 }, (_, index) => Buffer.alloc(256 * 1024, index));
const ALL = Buffer.concat(CHUNKS);

/** Both ends open. */
async function openPair(make: typeof tcp) {
  const { near, far } = await linkPair(make());
  const [nearEar, farEar] = [new Ear(), new Ear()];
  near.open(nearEar);
  far.open(farEar);
  return { near, far, nearEar, farEar };
}

const received = (ear: Ear) => ear.chunks.reduce((sum, chunk) => sum + chunk.length, 0);

for (const make of [tcp, memory]) {
  describe(`the ${make().name} transport`, () => {
    const any = { host: make().host, port: 0 };

    it('listens at a port that is free where it is asked for port 0, and links know both addresses', async () => {
      const transport = make();
      const accepted: Link[] = [];
      const listener = await transport.listen(any, (link) => accepted.push(link));
      assert.ok(listener.address.port > 0);
      assert.equal(listener.address.host, any.host);
      const link = await transport.dial(listener.address, 1000);
      await until(() => accepted.length === 1);
      assert.equal(link.remoteAddress, formatAddress(listener.address));
      assert.equal(accepted[0]?.localAddress, link.remoteAddress);
      assert.equal(accepted[0]?.remoteAddress, link.localAddress);
      assert.notEqual(link.localAddress, link.remoteAddress);
      for (const one of [link, ...accepted]) one.destroy();
      await listener.close();
    });

    it('refuses an address that is taken, with EADDRINUSE', async () => {
      const transport = make();
      const listener = await transport.listen(any, () => {});
      await assert.rejects(
        transport.listen(listener.address, () => {}),
        { code: 'EADDRINUSE' },
      );
      await listener.close();
    });

    it('has an address free again once its listener is closed, and refuses to dial it', async () => {
      const transport = make();
      const { address, close } = await transport.listen(any, () => {});
      await close();
      await assert.rejects(transport.dial(address, 1000), { code: 'ECONNREFUSED' });
      await (await transport.listen(address, () => {})).close();
    });

    it('closes a listener without waiting for its links, which live on', async () => {
      // linkPair closes its listener before it returns.
      const { near, far, farEar } = await openPair(make);
      near.write([Buffer.from('still here')]);
      await until(() => farEar.bytes.length > 0);
      assert.equal(farEar.bytes.toString(), 'still here');
      near.destroy();
      far.destroy();
    });

    it('carries bytes in order, both ways, several buffers in one write', async () => {
      const { near, far, nearEar, farEar } = await openPair(make);
      near.write([Buffer.from('one '), Buffer.from('two ')]);
      near.write([Buffer.from('three')]);
      far.write([Buffer.from('back')]);
      await until(() => received(farEar) === 13 && received(nearEar) === 4);
      assert.equal(farEar.bytes.toString(), 'one two three');
      assert.equal(nearEar.bytes.toString(), 'back');
      near.destroy();
      far.destroy();
    });

    it('hands out chunks that the writer cannot change any more', async () => {
      const { near, far, farEar } = await openPair(make);
      const buffer = Buffer.from('abc');
      near.write([buffer]);
      await until(() => received(farEar) === 3);
      buffer.fill(0);
      assert.equal(farEar.bytes.toString(), 'abc');
      near.destroy();
      far.destroy();
    });

    it('reads no byte before it is opened, tells the writer that it is backed up, and when there is room', async () => {
      const { near, far } = await linkPair(make());
      const [nearEar, farEar] = [new Ear(), new Ear()];
      near.open(nearEar);
      const taken = CHUNKS.map((chunk) => near.write([chunk]));
      assert.equal(taken.at(-1), false);
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(near.queuedBytes > 0);
      assert.equal(nearEar.drains, 0);
      far.open(farEar);
      await until(() => nearEar.drains > 0 && received(farEar) === ALL.length);
      assert.equal(near.queuedBytes, 0);
      assert.ok(farEar.bytes.equals(ALL), 'the bytes are out of order');
      assert.equal(near.write([Buffer.from('x')]), true);
      near.destroy();
      far.destroy();
    });

    it('stops and resumes reading', async () => {
      const { near, far, farEar } = await openPair(make);
      far.pause();
      near.write([Buffer.from('x')]);
      far.write([Buffer.from('y')]);
      for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
      assert.equal(received(farEar), 0);
      far.resume();
      await until(() => received(farEar) === 1);
      near.destroy();
      far.destroy();
    });

    it('ends after all that was written has left, and tells both ends once', async () => {
      const { near, far } = await linkPair(make());
      const [nearEar, farEar] = [new Ear(), new Ear()];
      near.open(nearEar);
      for (const chunk of CHUNKS) near.write([chunk]);
      near.end();
      assert.equal(near.write([Buffer.from('too late')]), false);
      far.open(farEar);
      await until(() => farEar.closes.length > 0 && nearEar.closes.length > 0);
      assert.ok(farEar.bytes.equals(ALL), 'bytes are missing');
      for (const link of [near, far]) link.destroy(new Error('again'));
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([nearEar.closes, farEar.closes], [[undefined], [undefined]]);
    });

    it('is destroyed at once, and tells its own end why, each end once', async () => {
      const { near, far, nearEar, farEar } = await openPair(make);
      const reason = new Error('enough');
      near.destroy(reason);
      near.destroy(new Error('again'));
      near.end();
      await until(() => nearEar.closes.length > 0 && farEar.closes.length > 0);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(nearEar.closes, [reason]);
      assert.equal(farEar.closes.length, 1);
      assert.equal(far.write([Buffer.from('x')]), false);
    });

    it('tells of the close also where it was destroyed before it was opened', async () => {
      const { near, far } = await linkPair(make());
      near.destroy();
      await new Promise((resolve) => setImmediate(resolve));
      const [nearEar, farEar] = [new Ear(), new Ear()];
      near.open(nearEar);
      far.open(farEar);
      await until(() => nearEar.closes.length === 1 && farEar.closes.length === 1);
    });

    it('drains what was written from within the reader', async () => {
      const { near, far } = await linkPair(make());
      const nearEar = new Ear();
      let length = 0;
      near.open(nearEar);
      far.open({
        data: (chunk) => {
          if (length === 0) for (const one of CHUNKS) near.write([one]);
          length += chunk.length;
        },
        drain: () => {},
        close: () => {},
      });
      near.write([Buffer.from('x')]);
      await until(() => length === ALL.length + 1 && nearEar.drains > 0);
      near.destroy();
      far.destroy();
    });
  });
}

describe('the tcp transport', () => {
  it('listens on the loopback address alone, and dials no other, whoever asks for it', async () => {
    assert.equal(tcp().host, '127.0.0.1');
    const refused = { code: 'ERR_CLUSTER_OPTION', option: 'host', message: /127\.0\.0\.1/ };
    for (const host of ['0.0.0.0', '::', '::1', 'localhost', '192.0.2.1', '127.0.0.2', '']) {
      assert.throws(() => tcp({ host }), refused);
      await assert.rejects(
        tcp().listen({ host, port: 0 }, () => assert.fail()),
        refused,
      );
      await assert.rejects(tcp().dial({ host, port: 9 }, 1000), refused);
    }
  });
});

describe('two networks in memory', () => {
  it('do not know each other', async () => {
    const [one, other] = [memory(), memory()];
    const { address } = await one.listen({ host: 'memory', port: 7 }, () => {});
    await assert.rejects(other.dial(address, 1000), { code: 'ECONNREFUSED' });
    await other.listen(address, () => {});
  });
});
