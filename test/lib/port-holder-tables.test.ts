import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findConnection, findListener } from '../../lib/port-holder.js';

const HOST = '127.0.0.1';
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

/** A row as the kernel writes it. */
function row(addresses: string, state: string, user: number, inode: number): string {
  const queues = '00000000:00000000 00:00000000 00000000';
  return `   0: ${addresses} ${state} ${queues} ${`${user}`.padStart(5)}        0 ${inode} 1 00000000d5b74597 100 0 0 10 0\n`;
}

const NONE4 = '00000000:0000';
const NONE6 = `${'0'.repeat(32)}:0000`;
const MAPPED = '0000000000000000FFFF00000100007F';
const address = { host: HOST, port: 0x1f90 };

function find(tcp: string, tcp6 = '', byteOrder: 'LE' | 'BE' = 'LE') {
  return findListener({ tcp: HEAD + tcp, tcp6: HEAD + tcp6 }, address, byteOrder);
}

describe('the tables of sockets', () => {
  const exact = row(`0100007F:1F90 ${NONE4}`, '0A', 1000, 11);
  const any = row(`00000000:1F90 ${NONE4}`, '0A', 1001, 22);
  const mapped = row(`${MAPPED}:1F90 ${NONE6}`, '0A', 1002, 33);
  const any6 = row(`${'0'.repeat(32)}:1F90 ${NONE6}`, '0A', 1003, 44);

  it('are read as the kernel documents them', () => {
    const documented =
      '  46: 010310AC:9C4C 030310AC:1770 01 00000150:00000000 01:00000019 00000000  1000        0 54165785 4 cd1e6040 25 4 27 3 -1\n' +
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   123        0 1146 1 00000000d5b74597 100 0 0 10 0                      \n';
    assert.deepEqual(find(documented), { uid: 123, inode: '1146' });
  });

  it('give an exact address before all addresses, whatever the order', () => {
    assert.equal(find(any + exact, any6 + mapped)?.uid, 1000);
    assert.equal(find(any, any6 + mapped)?.uid, 1002);
    assert.equal(find(any, any6)?.uid, 1001);
    assert.equal(find('', any6)?.uid, 1003);
    assert.equal(find(''), undefined);
  });

  it('are searched for those who listen, not for connections from or to the port', () => {
    const connections =
      row('0100007F:1F90 0100007F:C350', '01', 1000, 1) +
      row('0100007F:C350 0100007F:1F90', '01', 1000, 2) +
      row(`0100007F:1F90 ${NONE4}`, '07', 1000, 3);
    assert.equal(find(connections), undefined);
    assert.equal(find(connections + exact)?.inode, '11');
  });

  it('are searched for the port as a whole', () => {
    assert.equal(
      find(row(`0100007F:1F9 ${NONE4}`, '0A', 1, 1) + row(`0100007F:1F91 ${NONE4}`, '0A', 1, 1)),
      undefined,
    );
    const low = row(`0100007F:0050 ${NONE4}`, '0A', 5, 1);
    assert.equal(findListener({ tcp: low, tcp6: '' }, { host: HOST, port: 80 }, 'LE')?.uid, 5);
  });

  it('show addresses in the byte order of the machine', () => {
    const big = row(`7F000001:1F90 ${NONE4}`, '0A', 7, 1);
    assert.equal(find(big, '', 'BE')?.uid, 7);
    assert.equal(find(big, '', 'LE'), undefined);
    const big6 = row(`00000000000000000000FFFF7F000001:1F90 ${NONE6}`, '0A', 8, 1);
    assert.equal(find('', big6, 'BE')?.uid, 8);
  });

  it('give nothing where the row is cut off', () => {
    for (let length = 0; length < exact.length; length += 1)
      assert.equal(find(exact.slice(0, length)), undefined);
    assert.deepEqual(find(exact), { uid: 1000, inode: '11' });
  });
});

describe('the owner of a connection', () => {
  it('is in the row with both addresses, whoever listens there', () => {
    const table =
      HEAD +
      row(`0100007F:1F90 ${NONE4}`, '0A', 1, 1) +
      row('0100007F:1F90 0100007F:C350', '01', 2, 2) +
      row('0100007F:C350 0100007F:1F90', '01', 3, 3);
    assert.equal(findConnection(table, '127.0.0.1:50000', '127.0.0.1:8080', 'LE'), 3);
    assert.equal(findConnection(table, '127.0.0.1:8080', '127.0.0.1:50000', 'LE'), 2);
    assert.equal(findConnection(table, '127.0.0.1:50001', '127.0.0.1:8080', 'LE'), undefined);
    const big = HEAD + row('7F000001:C350 7F000001:1F90', '01', 4, 4);
    assert.equal(findConnection(big, '127.0.0.1:50000', '127.0.0.1:8080', 'BE'), 4);
  });
});
