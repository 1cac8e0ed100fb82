// The application as egg-cluster runs it: a master, an agent, two workers.
'use strict';

const { join } = require('node:path');
const egg = require('egg');

// Without its test this must not go on; agent and workers end with the master.
process.once('disconnect', () => process.exit(1));
egg.startCluster({ baseDir: join(__dirname, 'app'), workers: 2 });
