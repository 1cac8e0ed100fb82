'use strict';

module.exports = require('./lib/share');
