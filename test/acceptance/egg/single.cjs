// The application in one process: agent and application.
'use strict';

const { createServer } = require('node:http');
const { join } = require('node:path');
const egg = require('egg');

process.once('disconnect', () => process.exit(1));
egg.start({ baseDir: join(__dirname, 'app'), mode: 'single' }).then((app) => {
  const server = createServer(app.callback());
  server.listen(app.config.cluster.listen.path, () => process.send({ action: 'egg-ready' }));
  process.once('SIGTERM', async () => {
    server.close();
    await app.close();
    process.exit();
  });
});
