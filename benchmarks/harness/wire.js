// Length-prefixed frames over TCP, and nothing else: what `raw` and `rawjson` are made of. The writes of one tick are
// joined.
//
//   id 4 | length 4 | body

const HEAD = 8;

export class Wire {
  #socket;
  #onFrame;
  #out = [];
  #isScheduled = false;
  /** What has come of a frame that is not complete. */
  #head = Buffer.alloc(0);
  #id = 0;
  #body;
  #have = 0;

  /** @param onFrame is called with id and body, a view of what was read. */
  constructor(socket, onFrame) {
    this.#socket = socket;
    this.#onFrame = onFrame;
    socket.on('data', (chunk) => this.#push(chunk));
  }

  send(id, body) {
    const head = Buffer.allocUnsafe(HEAD);
    head.writeUInt32BE(id, 0);
    head.writeUInt32BE(body.length, 4);
    this.#out.push(head, body);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => this.#flush());
  }

  #flush() {
    const out = this.#out;
    this.#out = [];
    this.#isScheduled = false;
    let length = 0;
    for (const buffer of out) length += buffer.length;
    // Copied into one where that is cheaper than many small writes.
    if (length / out.length < 4096) {
      this.#socket.write(Buffer.concat(out, length));
      return;
    }
    this.#socket.cork();
    for (const buffer of out) this.#socket.write(buffer);
    this.#socket.uncork();
  }

  #push(chunk) {
    let rest = chunk;
    if (this.#body) {
      rest = rest.subarray(this.#fill(rest));
      if (this.#body) return;
    }
    if (this.#head.length > 0) {
      rest = Buffer.concat([this.#head, rest]);
      this.#head = rest.subarray(0, 0);
    }
    let at = 0;
    while (rest.length - at >= HEAD) {
      const id = rest.readUInt32BE(at);
      const length = rest.readUInt32BE(at + 4);
      at += HEAD;
      if (rest.length - at < length) {
        this.#id = id;
        this.#body = Buffer.allocUnsafe(length);
        this.#have = 0;
        this.#fill(rest.subarray(at));
        return;
      }
      this.#onFrame(id, rest.subarray(at, at + length));
      at += length;
    }
    this.#head = rest.subarray(at);
  }

  #fill(chunk) {
    const taken = chunk.copy(this.#body, this.#have);
    this.#have += taken;
    if (this.#have === this.#body.length) {
      const body = this.#body;
      this.#body = undefined;
      this.#onFrame(this.#id, body);
    }
    return taken;
  }
}
