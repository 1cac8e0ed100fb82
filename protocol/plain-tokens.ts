/*
 * What plain data has that msgpack has not; protocol/README.md has the whole table. The tokens mean other things in
 * msgpack, which plain data has no use for.
 */

/** 40..5f: one more object of the kind with this number: its values. The first objects of their kinds number them. */
export const FIRST_KIND = 0x40;
/** Objects of further kinds always have their keys in front. */
export const MAX_KINDS = 32;

/** A string apart, and the number of its characters (UTF-16 units), one byte. */
export const APART = 0xc5;
/** Once, before the first string apart: where the texts begin, four bytes, counted from the byte behind c1 on. */
export const TEXTS = 0xc6;

/** The most characters of a string apart. */
export const MAX_APART = 255;
/**
 * The texts are segments, each two bytes that tell its length and so many of UTF-8: of strings one after the other until
 * they add up to this many characters or more. A string that was read holds on to its whole segment.
 */
export const SEGMENT = 2048;
/** The most bytes of a segment. */
export const MAX_SEGMENT_BYTES = 3 * (SEGMENT + MAX_APART);
