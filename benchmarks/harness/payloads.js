// What travels. `value` is what a program has, `bytes` the same ready to be written, for those who encode nothing.

const small = {
  id: 12345,
  name: 'db.primary',
  enabled: true,
  weight: 0.75,
  tags: ['a', 'b'],
  zone: null,
};

const config = {
  version: 'v1',
  entries: Array.from({ length: 135 }, (_, n) => ({
    key: `service.${n}.host`,
    value: `10.0.0.${n}:2088`,
    ttl: n,
    enabled: true,
  })),
};

const MiB = 1024 * 1024;

const makers = {
  small: () => small,
  config: () => config,
  /** 200 bytes, as a setting. */
  setting: () => ({ text: 'x'.repeat(186) }),
  '8 MiB': () => Buffer.alloc(8 * MiB, 7),
  '64 MiB': () => Buffer.alloc(64 * MiB, 7),
};

const made = new Map();

/** @returns `{ name, value, bytes }`, made once. */
export function payload(name) {
  if (!made.has(name)) {
    const value = makers[name]();
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value));
    made.set(name, { name, value, bytes });
  }
  return made.get(name);
}
