'use strict';

const path = require('node:path');

module.exports = () => {
  // The test's own folder: the sources stay as they are.
  const folder = process.env.ACCEPTANCE_FOLDER;
  return {
    keys: 'acceptance',
    rundir: path.join(folder, 'run'),
    logger: { dir: path.join(folder, 'logs') },
    cluster: { listen: { path: path.join(folder, 'http.sock') } },
    security: { csrf: { enable: false } },
    registry: { port: Number(process.env.ACCEPTANCE_UPSTREAM) },
  };
};
