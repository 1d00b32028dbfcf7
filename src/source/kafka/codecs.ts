import { decompress as unpackZstandard } from 'fzstd';
import kafkajs from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { compress, uncompress } from 'snappy';

/** What kafkajs gives a codec to compress. */
interface Encoder {
  readonly buffer: Buffer;
}

/**
 * Java's producers put Snappy blocks into the frame of xerial's snappy-java: eight bytes of magic, two versions, then
 * blocks with their lengths before them. Others (librdkafka, franz-go) also send one block without a frame.
 */
const snappyMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const snappyHeaderBytes = 16;

export const snappyCodec = {
  async compress({ buffer }: Encoder): Promise<Buffer> {
    const block = await compress(buffer);
    const header = Buffer.alloc(snappyHeaderBytes + 4);
    snappyMagic.copy(header);
    header.writeInt32BE(1, 8);
    header.writeInt32BE(1, 12);
    header.writeInt32BE(block.length, snappyHeaderBytes);
    return Buffer.concat([header, block]);
  },

  async decompress(buffer: Buffer): Promise<Buffer> {
    if (!buffer.subarray(0, snappyMagic.length).equals(snappyMagic)) return unpackSnappy(buffer);
    const blocks: Buffer[] = [];
    for (let at = snappyHeaderBytes; at < buffer.length; ) {
      const end = at + 4 + buffer.readInt32BE(at);
      if (end > buffer.length) throw new RangeError('a Snappy block ends after its frame');
      blocks.push(await unpackSnappy(buffer.subarray(at + 4, end)));
      at = end;
    }
    return blocks.length === 1 ? (blocks[0] as Buffer) : Buffer.concat(blocks);
  },
};

async function unpackSnappy(block: Buffer): Promise<Buffer> {
  return (await uncompress(block)) as Buffer;
}

/** Frames with independent blocks, the only ones that Kafka's own reader takes. */
export const lz4Codec = {
  compress: ({ buffer }: Encoder): Promise<Buffer> => compressFrame(buffer),
  decompress: (buffer: Buffer): Promise<Buffer> => decompressFrame(buffer),
};

/** Reading only: nothing of Parley's compresses with Zstandard, and no package for it installs everywhere. */
export const zstandardCodec = {
  compress: (): Promise<Buffer> => Promise.reject(new TypeError('Parley reads Zstandard, and writes other codecs')),
  async decompress(buffer: Buffer): Promise<Buffer> {
    const bytes = unpackZstandard(buffer);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  },
};

/** Adds the codecs that kafkajs lacks; it keeps them for the whole process. GZIP it has. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  CompressionCodecs[CompressionTypes.Snappy] = () => snappyCodec;
  CompressionCodecs[CompressionTypes.LZ4] = () => lz4Codec;
  CompressionCodecs[CompressionTypes.ZSTD] = () => zstandardCodec;
}
