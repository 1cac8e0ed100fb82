import assert from 'node:assert/strict';
import { type ElectionRecord, fileRecord } from '../../lib/record.js';

/** A record in a folder that nobody removes, and that can be written. */
export const fileRecordIn = (folder: string, channel: string): ElectionRecord =>
  fileRecord({ folder, channel, restore: () => {}, warn: assert.fail });
