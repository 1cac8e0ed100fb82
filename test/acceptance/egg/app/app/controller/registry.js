'use strict';

const { Controller } = require('egg');

/** Each answer names the process that gave it. */
module.exports = class RegistryController extends Controller {
  async byPromise() {
    const { ctx, app } = this;
    ctx.body = { pid: process.pid, ...(await app.registry.get(ctx.params.key)) };
  }

  async byCallback() {
    const { ctx, app } = this;
    const found = await new Promise((resolve, reject) => {
      app.registry.lookup(ctx.params.key, (error, value) => (error ? reject(error) : resolve(value)));
    });
    ctx.body = { pid: process.pid, ...found };
  }

  async subscribed() {
    const { ctx, app } = this;
    ctx.body = { pid: process.pid, ...app.registry.newest(ctx.params.key) };
  }

  async set() {
    const { ctx, app } = this;
    await app.registry.set(ctx.params.key, ctx.request.body.value);
    ctx.body = { pid: process.pid };
  }

  async refused() {
    const { ctx, app } = this;
    try {
      await app.registry.get('');
    } catch ({ name, message, code }) {
      ctx.body = { pid: process.pid, name, message, code };
    }
  }
};
