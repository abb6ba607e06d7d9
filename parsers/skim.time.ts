/** HOT. Times of neighbouring lines: they mostly share the minute and the zone, which are compared instead of read. */
import { same } from './bytes.ts';
import { read, readIso } from './time.ts';

/** `2025-11-22T09:57:01.123456+01:00` as `readIso` reads it, with what must stand behind it. */
export class IsoTimes {
  /** Of the last one that was read: milliseconds since 1970; a wall clock where `zoneless`. */
  ms = Number.NaN;
  zoneless = false;
  readonly #behind: number;
  #minute = Buffer.alloc(0);
  #minuteMs = 0;
  /** With what stands behind it. */
  #zone = Buffer.alloc(0);
  #zoneless = false;
  /** Digits of the fraction, with its point. */
  #digits = 0;

  /** `behind`: the byte that ends it. */
  constructor(behind: number) {
    this.#behind = behind;
  }

  /** The position behind that byte; -1 = it is none. */
  read(text: string, bytes: Uint8Array, from: number): number {
    const second = from + 17;
    const digits = this.#digits;
    const zone = second + 2 + digits;
    if (this.#minute.length > 0 && same(bytes, zone, this.#zone) && same(bytes, from, this.#minute)) {
      const tens = bytes[second]! - 48;
      const ones = bytes[second + 1]! - 48;
      let plain = tens >= 0 && tens <= 5 && ones >= 0 && ones <= 9 && (digits === 0 || bytes[second + 2] === 46);
      let ms = 0;
      for (let i = 1; plain && i < digits; i++) {
        const d = bytes[second + 2 + i]! - 48;
        if (!(d >= 0 && d <= 9)) plain = false;
        else if (i <= 3) ms = ms * 10 + d;
      }
      if (plain) {
        this.ms = this.#minuteMs + (tens * 10 + ones) * 1000 + ms;
        this.zoneless = this.#zoneless;
        return zone + this.#zone.length;
      }
    }
    return this.#readWhole(text, bytes, from);
  }

  #readWhole(text: string, bytes: Uint8Array, from: number): number {
    const ms = readIso(text, from);
    if (Number.isNaN(ms) || bytes[read.end] !== this.#behind) return -1;
    const end = read.end + 1;
    this.ms = ms;
    this.zoneless = read.zoneless;
    const second = from + 17;
    let zone = second + 2;
    if (bytes[zone] === 46)
      do zone++;
      while (bytes[zone]! >= 48 && bytes[zone]! <= 57);
    const digits = zone - second - 2;
    const tens = bytes[second]! - 48;
    const seconds = tens * 10 + bytes[second + 1]! - 48;
    if (tens >= 0 && tens <= 5 && seconds < 60 && (digits === 0 || (digits >= 4 && digits <= 10))) {
      this.#minute = Buffer.from(bytes.subarray(from, second));
      this.#zone = Buffer.from(bytes.subarray(zone, end));
      this.#minuteMs = Math.floor(ms / 1000) * 1000 - seconds * 1000;
      this.#zoneless = read.zoneless;
      this.#digits = digits;
    }
    return end;
  }
}
