/*
 * The format of npm serialize-json@1.0.3: text in UTF-8, of five parts, which a `^` sets apart. The first four are a
 * dictionary, their entries set apart by `|`; an empty part has no entry.
 *
 *   strings    with + for a space, and %25 %2B %5E %7C for the characters % + ^ |; none is empty
 *   integers   in base 36, digits 0 to 9 and A to Z
 *   floats     as String() writes them, with NaN, Infinity and -Infinity
 *   dates      ms since 1970, as integers are
 *   the value  an index of the dictionary, in base 36, the four parts counted through; or one of the constants below;
 *              or $ object, @ array, * Buffer, # error, what it holds, set apart by |, and ]
 *
 * An object and an error hold keys and values by turns, a Buffer its bytes as integers.
 */

export const OBJECT = 0x24; // $
export const ARRAY = 0x40; // @
export const BUFFER = 0x2a; // *
export const ERROR = 0x23; // #
export const END = 0x5d; // ]
export const BAR = 0x7c; // |
export const CARET = 0x5e; // ^
export const MINUS = 0x2d; // -

// As the value of a token: below 0 no index can be.
export const TRUE = -1;
export const FALSE = -2;
export const NULL = -3;
export const EMPTY_STRING = -4;
export const UNDEFINED = -5;

const CODES: Readonly<Record<string, string>> = { '+': '%2B', '^': '%5E', '|': '%7C', '%': '%25', ' ': '+' };
const CHARACTERS: Readonly<Record<string, string>> = {
  '+': ' ',
  '%2B': '+',
  '%5E': '^',
  '%7C': '|',
  '%25': '%',
};

export function escapeText(text: string): string {
  return text.replace(/[ +^|%]/g, (character) => CODES[character] as string);
}

/** Any other % stands for itself: no encoder writes it. */
export function unescapeText(text: string): string {
  return text.replace(/\+|%(?:2B|5E|7C|25)/g, (code) => CHARACTERS[code] as string);
}
