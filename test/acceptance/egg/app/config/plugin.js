'use strict';

const path = require('node:path');

exports.registry = { enable: true, path: path.join(__dirname, '../registry') };
