'use strict';

const { APIClientBase } = require('cluster-client');
const DataClient = require('./data_client');

/** What users of the plugin hold: values of their own process, the rest from the one connection. */
module.exports = class Registry extends APIClientBase {
  constructor(options) {
    super({ ...options, initMethod: '_init' });
    this._values = new Map();
  }

  get DataClient() {
    return DataClient;
  }

  get delegates() {
    return { lookup: 'invoke' };
  }

  get clusterOptions() {
    return { name: 'registry' };
  }

  async _init() {
    await this._client.ready();
    this._client.publish({ dataId: 'members', publishData: process.pid });
    await Promise.all(['motd', 'members'].map((key) => this._follow(key)));
  }

  /** Resolves with the first value. */
  _follow(key) {
    return new Promise((resolve) => {
      this._client.subscribe({ dataId: key }, (value) => {
        this._values.set(key, value);
        resolve();
      });
    });
  }

  newest(key) {
    return this._values.get(key);
  }

  get(key) {
    return this._client.get(key);
  }

  set(key, value) {
    return this._client.set(key, value);
  }

  lookup(key, callback) {
    this._client.lookup(key, callback);
  }
};
