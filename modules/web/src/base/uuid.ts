// UUID version 7 (RFC 9562) from crypto.getRandomValues, which works on plain HTTP where crypto.randomUUID
// does not.

let last_ms = 0;
let counter = 0;

/** Grows with each call of this page, also within one millisecond and when the clock goes back. */
export function uuidv7(now: number = Date.now()): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    if (now > last_ms) {
        last_ms = now;
        counter = ((bytes[6]! & 0x07) << 8) | bytes[7]!;
    } else if (++counter > 0xfff) {
        last_ms += 1;
        counter = 0;
    }
    for (let at = 0; at < 6; at++) bytes[at] = Math.floor(last_ms / 2 ** (8 * (5 - at))) % 256;
    bytes[6] = 0x70 | (counter >> 8);
    bytes[7] = counter & 0xff;
    bytes[8] = 0x80 | (bytes[8]! & 0x3f);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
