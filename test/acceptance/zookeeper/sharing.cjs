// A process of an application that uses ZooKeeper: does what its test asks, over IPC. The group of processes shares
// one connection by the cluster port that it is given; without a port this is zookeeper-cluster-client as it comes.
'use strict';

const cluster = require('cluster-client');
const zookeeper = require('zookeeper-cluster-client');

const { connectionString, port } = JSON.parse(process.argv[2]);
const share = (Class, options) => cluster(Class, { ...options, singleMode: false, port });
const open = () => zookeeper.createClient(connectionString, port === undefined ? {} : { cluster: share });

const client = open();
const watched = new Set();

function watch(path) {
  client.watchChildren(path, (error, children) => {
    if (!error) process.send({ type: 'children', path, children: children.sort() });
  });
}

// Comes again with each new leader, whose session knows nothing of the watches of the last one.
client.on('connected', () => {
  client.unWatchAll();
  for (const path of watched) watch(path);
});

const commands = {
  create: (path, text) => client.create(path, Buffer.from(text)),
  set: (path, text) => client.setData(path, Buffer.from(text)).then(() => undefined),
  get: (path) => client.getData(path).then(String),
  exists: async (path) => (await client.exists(path)) !== null,
  children: async (path) => (await client.getChildren(path)).sort(),
  watch: async (path) => {
    watched.add(path);
    watch(path);
  },
  isLeader: async () => client.isClusterClientLeader,
  /** With one more client of this process. */
  getByAnother: async (path) => {
    const other = open();
    await other.ready();
    return String(await other.getData(path));
  },
};

process.on('message', ({ id, command, args }) => {
  commands[command](...args).then(
    (result) => process.send({ type: 'result', id, result }),
    ({ name, message, code }) => process.send({ type: 'result', id, error: { name, message, code } }),
  );
});
process.once('disconnect', () => process.exit());
client.ready().then(
  () => process.send({ type: 'ready' }),
  (error) => process.send({ type: 'failed', message: error.stack }),
);
