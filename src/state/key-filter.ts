/**
 * Tells of most keys that were never added that they were not, and never errs about one that was: a Bloom filter of
 * 1 MiB. With 500,000 keys in it, one in 250 that it does not have is taken for one that it may have; with 2,000,000 one in
 * seven; with many more it is of no use, and does no harm.
 */
export class KeyFilter {
  readonly #bits = new Uint32Array(2 ** 18);

  add(key: string): void {
    const bits = this.#bits;
    hash(key);
    for (let round = 0, bit = first; round < rounds; round++, bit += step) {
      const word = (bit >>> 5) & wordMask;
      bits[word] = bits[word]! | (1 << (bit & 31));
    }
  }

  mayHave(key: string): boolean {
    const bits = this.#bits;
    hash(key);
    for (let round = 0, bit = first; round < rounds; round++, bit += step) {
      if ((bits[(bit >>> 5) & wordMask]! & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

const rounds = 3;
const wordMask = 2 ** 18 - 1;

// What `hash` gives, of which one call needs two: an object for them would cost more than the hash.
let first = 0;
let step = 0;

/** Two numbers of 32 bits, mixed as MurmurHash3 does in the end. */
function hash(key: string): void {
  let left = 0x811c9dc5;
  let right = 0x41c6ce57;
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index);
    left = Math.imul(left ^ unit, 0x01000193);
    right = Math.imul(right ^ unit, 0x5bd1e995);
  }
  first = mixed(left ^ key.length);
  step = mixed(right) | 1;
}

function mixed(bits: number): number {
  let mix = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
