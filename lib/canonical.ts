import { createHash } from 'node:crypto';
import { types } from 'node:util';

/*
 * One text for all plain data that is the same, and another for any other: a letter for the type, then what shows
 * its own end.
 *
 *     z t f                  null, true, false
 *     n1.5; i-ff; d0;        number, bigint, Date in ms
 *     s5:hello               string, after its length in UTF-16 units
 *     rs1:xs1:g us8:file:/// RegExp and URL, as strings
 *     [s1:a@3;n1;@5;]        array: 'a', two without a form, 1, one without: @ is the index that we are at
 *     {s1:as1:x}             object, by key        M..) S..)  Map and Set, by form
 *     b10:Uint8Array3:..     bytes: type, length, digest
 *     #..                    digest of a form that would be longer
 *     ^                      array, object, Map or Set that is too deep
 */

/** In UTF-16 units. What is longer is a digest, so that what is used many times costs its length only once. */
const MAX_INLINE = 256;
/** Arrays in arrays, and so on. It also ends a circle, which is a value of endless depth. */
const LEVELS = 32;
/** Length of an array that is gone through index by index. */
const MAX_DENSE = 1_000_000;

/**
 * Canonical forms of plain data. Without a form, and left out, are undefined, functions, symbols, instances of classes
 * other than those above (a subclass of these counts as what it extends), and whatever throws when it is read. A key
 * whose value is left out is not there; an element keeps its place. Strings count exactly, -0 as 0; the order of keys,
 * and of what is in a Map or Set, does not count.
 */
export class CanonicalForms {
  /**
   * The digests, by levels left, as an object has another form where it is cut off elsewhere: it is written 32 times
   * at most. Shorter forms are written anew, which takes less than remembering them.
   */
  readonly #digests: Map<object, string>[] = [];
  readonly #longStrings = new Map<string, string>();

  /** @returns undefined where it is left out. Never throws. */
  of(value: unknown, levels = LEVELS): string | undefined {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return `n${value};`;
      case 'boolean':
        return value ? 't' : 'f';
      case 'bigint':
        // The time for decimal digits grows with the square of their number.
        return shorten(`i${value.toString(16)};`);
      case 'object':
        return value === null ? 'z' : this.#object(value, levels);
      default:
        return undefined;
    }
  }

  #object(value: object, levels: number): string | undefined {
    const known = this.#digests[levels]?.get(value);
    if (known !== undefined) return known;
    try {
      const form = this.#container(value, levels) ?? this.#leaf(value);
      if (form === undefined || form.length <= MAX_INLINE) return form;
      const digest = shorten(form);
      this.#digests[levels] ??= new Map();
      this.#digests[levels].set(value, digest);
      return digest;
    } catch {
      // A revoked proxy, a view of a detached buffer, a URL that is none.
      return undefined;
    }
  }

  #container(value: object, levels: number): string | undefined {
    if (Array.isArray(value)) return levels > 0 ? this.#array(value, levels - 1) : '^';
    if (isPlain(value)) return levels > 0 ? this.#plain(value, levels - 1) : '^';
    if (types.isMap(value)) return levels > 0 ? this.#map(value, levels - 1) : '^';
    if (types.isSet(value)) return levels > 0 ? this.#set(value, levels - 1) : '^';
    return undefined;
  }

  #leaf(value: object): string | undefined {
    if (types.isDate(value)) return `d${Date.prototype.getTime.call(value)};`;
    if (types.isRegExp(value)) return `r${this.#string(value.source)}${this.#string(value.flags)}`;
    if (value instanceof URL) return `u${this.#string(value.href)}`;
    if (ArrayBuffer.isView(value)) return bytesForm(value, value);
    if (types.isAnyArrayBuffer(value)) return bytesForm(value, new Uint8Array(value));
    return undefined;
  }

  #array(array: readonly unknown[], levels: number): string {
    const parts: string[] = [];
    let at = 0;
    for (const index of indexesOf(array)) {
      const form = this.of(read(array, index), levels);
      if (form === undefined) continue;
      if (at !== index) parts.push(`@${index};`);
      parts.push(form);
      at = index + 1;
    }
    if (at !== array.length) parts.push(`@${array.length};`);
    return `[${parts.join('')}]`;
  }

  #plain(object: object, levels: number): string {
    const parts: string[] = [];
    for (const key of Object.keys(object).sort()) {
      const form = this.of(read(object, key), levels);
      if (form !== undefined) parts.push(this.#string(key), form);
    }
    return `{${parts.join('')}}`;
  }

  #map(map: ReadonlyMap<unknown, unknown>, levels: number): string {
    const forms: string[] = [];
    Map.prototype.forEach.call(map, (item, key) => {
      const [keyForm, form] = [this.of(key, levels), this.of(item, levels)];
      if (keyForm !== undefined && form !== undefined) forms.push(keyForm + form);
    });
    return `M${forms.sort().join('')})`;
  }

  #set(set: ReadonlySet<unknown>, levels: number): string {
    const forms: string[] = [];
    Set.prototype.forEach.call(set, (item) => {
      const form = this.of(item, levels);
      if (form !== undefined) forms.push(form);
    });
    return `S${forms.sort().join('')})`;
  }

  #string(text: string): string {
    if (text.length <= MAX_INLINE) return `s${text.length}:${text}`;
    const known = this.#longStrings.get(text);
    if (known !== undefined) return known;
    const form = shorten(`s${text.length}:${text}`);
    this.#longStrings.set(text, form);
    return form;
  }
}

/** Also of another realm, which has an Object.prototype of its own. @throws what a proxy throws */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** All that may have an element. @throws what a proxy throws */
export function indexesOf(array: readonly unknown[]): Iterable<number> {
  // Nearly all of a long one may be holes, and the length of a proxy a lie.
  return array.length > MAX_DENSE ? Object.keys(array).map(Number) : array.keys();
}

/** Undefined, which is left out, where it cannot be read. A getter is not asked: it may do something. */
export function read(object: object, key: string | number): unknown {
  try {
    return Object.getOwnPropertyDescriptor(object, key)?.value;
  } catch {
    return undefined;
  }
}

function bytesForm(value: object, { buffer, byteOffset, byteLength }: ArrayBufferView): string {
  // A Buffer is tagged as the Uint8Array that it is.
  const type = Object.prototype.toString.call(value).slice(8, -1);
  const digest = createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('base64');
  return `b${type.length}:${type}${byteLength}:${digest}`;
}

function shorten(form: string): string {
  if (form.length <= MAX_INLINE) return form;
  // Not UTF-8, which has one replacement for all halves of pairs.
  return `#${createHash('sha256').update(form, 'utf16le').digest('base64')}`;
}
