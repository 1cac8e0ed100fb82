// JSON, one message a line.

export function post(socket, message) {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** @returns what ends it. */
export function lines(socket, onMessage) {
  let rest = '';
  const onData = (chunk) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop();
    for (const part of parts) onMessage(JSON.parse(part));
  };
  socket.setEncoding('utf8');
  socket.on('data', onData);
  return () => socket.off('data', onData);
}
