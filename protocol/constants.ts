/** Bytes of the fixed header that opens every frame, in both dialects. */
export const HEADER_LENGTH = 24;

/** First byte of a frame of the JSON dialect of cluster-client 3.x; also of the frame that opens every handshake. */
export const VERSION_1 = 1;
/** First byte of a frame of the binary dialect of cluster-client 4. */
export const VERSION_2 = 2;

/** Second byte of a frame. */
export const Kind = { request: 0, response: 1 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Fourth byte of a version 2 frame, a set of bits. */
export const Flag = {
  /** The application part is a Buffer as it is, not the codec's encoding of a value. */
  raw: 1,
  /** More slices of this message follow. */
  more: 2,
  /** `result`, `published` and `value`: the application part is a fault. */
  fault: 4,
  /** `invoke`: nobody waits for a result. */
  oneway: 8,
} as const;

/** Third byte of a version 2 frame. Below 16: only during the handshake or as its late outcome. */
export const Type = {
  challenge: 1,
  authenticate: 2,
  welcome: 3,
  parked: 4,
  moved: 5,
  refused: 6,
  heartbeat: 16,
  invoke: 17,
  result: 18,
  cancel: 19,
  subscribe: 20,
  unsubscribe: 21,
  value: 22,
  publish: 23,
  published: 24,
  leading: 25,
  unavailable: 26,
  goodbye: 27,
  standby: 28,
} as const;
export type Type = (typeof Type)[keyof typeof Type];

/** The most that one frame may hold after its header, once the link is authenticated: 1 MiB. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** The same before authentication: 4 KiB. */
export const MAX_HANDSHAKE_FRAME_BYTES = 4 * 1024;
/** A longer message travels in slices of this size: 128 KiB. */
export const SLICE_BYTES = 128 * 1024;
/** The most that a frame holds as it is sent, so that who receives may allow less than 1 MiB: 512 KiB. */
export const MAX_WHOLE_BYTES = 4 * SLICE_BYTES;
/** The most of it before its application part: 256 KiB. */
export const MAX_CONNECTION_BYTES = MAX_WHOLE_BYTES / 2;
/** A receiver puts together no more messages at the same time than this. */
export const MAX_OPEN_MESSAGES = 64;
/** The most that all slices of one message may add up to, by default: 128 MiB. */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/** Bytes of a nonce and of a MAC (HMAC-SHA-256) in the handshake. */
export const NONCE_LENGTH = 32;
export const MAC_LENGTH = 32;
/** Secrets that a group may have at a time, while they are changed. */
export const MAX_SECRETS = 4;
