'use strict';

const Registry = require('./registry');

/** The same in the agent and in the workers, as plugins for 3.x do. */
module.exports = (app) => {
  app.registry = new Registry({ ...app.config.registry, cluster: app.cluster });
  app.beforeStart(async () => {
    await app.registry.ready();
  });
};
