'use strict';

const net = require('node:net');
const readline = require('node:readline');
const Base = require('sdk-base');

/**
 * The real client: one connection to the test's server. That knows values by key, and tells all of them to whoever
 * connects and each change to everybody; `members` is the list of all that connections have published.
 */
module.exports = class DataClient extends Base {
  constructor(options) {
    super({ ...options, initMethod: '_init' });
    this._values = new Map();
    this._socket = net.connect(options.port, '127.0.0.1');
    this._socket.on('error', (error) => this.emit('error', error));
    readline.createInterface({ input: this._socket }).on('line', (line) => {
      const { key, value } = JSON.parse(line);
      this._values.set(key, value);
      this.emit(`value:${key}`, this._seen(key));
    });
    this._send({ hello: process.pid });
  }

  async _init() {
    await this.await('value:motd');
  }

  _send(message) {
    this._socket.write(`${JSON.stringify(message)}\n`);
  }

  /** With the process that has it from the server. */
  _seen(key) {
    return { value: this._values.get(key), seenBy: process.pid };
  }

  subscribe({ dataId }, listener) {
    this.on(`value:${dataId}`, listener);
    if (this._values.has(dataId)) listener(this._seen(dataId));
  }

  publish({ publishData }) {
    this._send({ publish: publishData });
  }

  async get(key) {
    if (key === '') {
      const error = new RangeError('a key is expected');
      error.code = 'E_REGISTRY_KEY';
      throw error;
    }
    return this._seen(key);
  }

  lookup(key, callback) {
    setImmediate(callback, null, this._seen(key));
  }

  async set(key, value) {
    const changed = this.await(`value:${key}`);
    this._send({ set: key, value });
    await changed;
  }

  async close() {
    this._send({ bye: process.pid });
    this._socket.end();
  }
};
