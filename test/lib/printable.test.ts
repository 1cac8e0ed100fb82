import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable } from '../../lib/printable.js';

describe('printable text', () => {
  it('is left as it is where it fits', () => {
    assert.equal(printable('node server.js', 14), 'node server.js');
    assert.equal(printable('', 1), '');
    assert.equal(printable('Größe 名前 🦊', 20), 'Größe 名前 🦊');
  });

  it('has nothing that ends a line, moves the cursor, or reorders or hides text', () => {
    const strange = [
      '\0',
      '\n',
      '\r',
      '\x1b',
      '\x7f',
      '\x9b',
      '\u2028',
      '\u2029',
      '\u202e',
      '\u2066',
      '\u200b',
      '\ud800',
    ];
    for (const one of strange) assert.equal(printable(`a${one}b`, 10), 'a?b', JSON.stringify(one));
  });

  it('is cut by characters, never through one', () => {
    assert.equal(printable('abcdef', 5), 'abcd…');
    assert.equal(printable('🦊🦊🦊🦊', 4), '🦊🦊🦊🦊');
    assert.equal(printable('🦊🦊🦊🦊🦊', 4), '🦊🦊🦊…');
    assert.equal(printable(`🦊${'x'.repeat(1_000_000)}`, 3), '🦊x…');
  });

  it('is cut by bytes of UTF-8 as well', () => {
    assert.equal(printable('名前名前', 10, 12), '名前名前');
    assert.equal(printable('名前名前', 10, 11), '名前…');
    assert.equal(printable('名前名前', 3, 9), '名前…');
    assert.equal(printable('名前', 3, 3), '…');
  });
});
