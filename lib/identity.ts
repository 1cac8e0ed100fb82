import { createHmac } from 'node:crypto';
import { CanonicalForms, indexesOf, isPlain, read } from './canonical.js';
import { printable } from './printable.js';

/** Keyed digests of the plain data in a constructor's arguments. */
export interface Identity {
  /** Hex, 16 characters, over all of it. */
  readonly digest: string;
  /** One for each top-level setting: 8 hex characters of digest, a space, the setting's name. Sorted by name. */
  readonly settings: readonly string[];
}

interface Setting {
  name: string;
  /** Where it stands, and its value, as one text that shows its own end. */
  form: string;
}

/** Entries of settings; with the one for the rest, 41 of at most 73 bytes, they fit a frame of the handshake. */
const LISTED = 40;
const NAME_LENGTH = 40;
const NAME_BYTES = 64;
/** Name of the entry for the rest. */
const REST = '…';

/**
 * Whether two clients are made with the same settings, without telling the settings: who does not have the key
 * cannot try values, and a value looks different under each name. What counts is said at CanonicalForms. Never throws.
 *
 * Of an only argument that is a plain object each key is a setting, `endpoint`; of several arguments each is named
 * with its index first, `0.endpoint`. An argument that is no plain object, or has no key that counts, goes by its
 * index alone, `1`. What has no form is no setting, so that arguments left out at the end do not count.
 *
 * @param value the arguments. What is no array is named like an only argument, and yet differs from it.
 */
export function identify(value: unknown, key: Buffer): Identity {
  const settings = settingsOf(value);
  // The handshake has labels that begin otherwise.
  const digest = (label: 'whole' | 'setting' | 'rest', some: readonly Setting[], length: number) => {
    const hmac = createHmac('sha256', key).update(`identity ${label}`);
    // Not UTF-8, which has one replacement for all halves of pairs.
    hmac.update(some.map(({ form }) => form).join(''), 'utf16le');
    return hmac.digest('hex').slice(0, length);
  };
  const entries = settings
    .slice(0, LISTED)
    .map((one) => ({
      name: printable(one.name, NAME_LENGTH, NAME_BYTES),
      digest: digest('setting', [one], 8),
    }))
    .sort((a, b) => compare(a.name, b.name) || compare(a.digest, b.digest))
    .map((one) => `${one.digest} ${one.name}`);
  const rest = settings.slice(LISTED);
  if (rest.length > 0) entries.push(`${digest('rest', rest, 8)} ${REST}`);
  return { digest: digest('whole', settings, 16), settings: entries };
}

/**
 * Names of the settings in which two differ, sorted; also those that only one has. `…` stands for those, if any, that
 * one of the two does not list.
 */
export function differences(one: readonly string[], other: readonly string[]): string[] {
  const lists = [one, other].filter((list) => list.length > LISTED);
  // What comes later by name is among the rest there, where it may well be the same.
  const lasts = lists.map((list) => nameIn(list[LISTED - 1] ?? ''));
  const names = [...lacking(one, other), ...lacking(other, one)]
    .map(nameIn)
    .map((name) => (lasts.some((last) => name > last) ? REST : name));
  return [...new Set(names)].sort();
}

function lacking(one: readonly string[], other: readonly string[]): string[] {
  const entries = new Set(one);
  return other.filter((entry) => !entries.has(entry));
}

function nameIn(entry: string): string {
  return entry.slice(entry.indexOf(' ') + 1);
}

/** Sorted by name. */
function settingsOf(value: unknown): Setting[] {
  const forms = new CanonicalForms();
  const args = argumentsOf(value);
  const kept = (args ?? [{ index: 0, argument: value }])
    .map(({ index, argument }) => ({ index, parts: partsOf(forms, argument) }))
    .filter(({ parts }) => parts.length > 0);
  const isOnly = kept.every(({ index }) => index === 0);
  const kind = args ? (isOnly ? 'only' : 'several') : 'value';
  const byName = new Map<string, string>();
  for (const { index, parts } of kept) {
    for (const { key, form } of parts) {
      const name = key === undefined ? `${index}` : isOnly ? key : `${index}.${key}`;
      // An only argument and its key 0 have one name.
      byName.set(name, `${kind}${key === undefined ? '' : '.'}${name.length}:${name}${form}`);
    }
  }
  // The default order is by far the quickest to sort by.
  return [...byName.keys()].sort().map((name) => ({ name, form: byName.get(name) ?? '' }));
}

/** Undefined where it is no array. */
function argumentsOf(value: unknown): { index: number; argument: unknown }[] | undefined {
  try {
    if (!Array.isArray(value)) return undefined;
    return Array.from(indexesOf(value), (index) => ({ index, argument: read(value, index) }));
  } catch {
    // A proxy that throws, which has no form either.
    return undefined;
  }
}

/** What of an argument is a setting each; nothing where it is left out. */
function partsOf(forms: CanonicalForms, argument: unknown): { key?: string; form: string }[] {
  const parts = [];
  for (const [key, item] of fieldsOf(argument)) {
    const form = forms.of(item);
    if (form !== undefined) parts.push({ key, form });
  }
  if (parts.length > 0) return parts;
  const form = forms.of(argument);
  return form === undefined ? [] : [{ form }];
}

function fieldsOf(argument: unknown): [string, unknown][] {
  try {
    if (typeof argument !== 'object' || argument === null || !isPlain(argument)) return [];
    return Object.keys(argument).map((key) => [key, read(argument, key)]);
  } catch {
    return [];
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
