import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readName, readText } from '../../protocol/texts.js';

function nameOf(bytes: Buffer): string | undefined {
  return readName(bytes, 0, bytes.length);
}

describe('a text', () => {
  it('is read at every length, within other bytes, in ASCII and beyond', () => {
    for (let length = 0; length <= 30; length++) {
      const ascii = 'abcdefghijklmnopqrstuvwxyz01234'.slice(0, length);
      for (const text of [ascii, `${ascii}é`, `€${ascii}`, `${ascii}😀`]) {
        const bytes = Buffer.from(`<${text}>`);
        assert.equal(readText(bytes, 1, bytes.length - 1), text);
        assert.equal(readName(bytes, 1, bytes.length - 1), text);
      }
    }
  });

  it('has U+FFFD for what is not UTF-8', () => {
    assert.equal(readText(Buffer.of(0x61, 0xff, 0x62), 0, 3), 'a\ufffdb');
  });
});

describe('a name', () => {
  it('is not taken for another one with which it has length, first, middle and last byte in common', () => {
    for (let turn = 0; turn < 3; turn++) {
      for (const name of ['axbyc', 'aybxc', 'azbzc']) assert.equal(nameOf(Buffer.from(name)), name);
    }
  });

  it('is itself at every length around the longest that is remembered, again and again', () => {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      for (const name of ['x'.repeat(length), 'x'.repeat(length), 'y'.repeat(length)]) {
        assert.equal(nameOf(Buffer.from(name)), name);
      }
    }
  });

  it('is undefined where it is not UTF-8, at any length, also the second time', () => {
    for (let length = 1; length <= 70; length++) {
      const bytes = Buffer.alloc(length, 0x61);
      bytes[length - 1] = 0xff;
      for (let turn = 0; turn < 2; turn++) assert.equal(nameOf(bytes), undefined);
    }
  });

  it('may hold U+FFFD itself', () => {
    assert.equal(nameOf(Buffer.from('a\ufffd')), 'a\ufffd');
  });

  it('is remembered by bytes that are not those of the caller', () => {
    const bytes = Buffer.from('remember');
    assert.equal(nameOf(bytes), 'remember');
    bytes.write('rexember');
    assert.equal(nameOf(bytes), 'rexember');
    assert.equal(nameOf(Buffer.from('remember')), 'remember');
  });
});
