import { choosePort } from '../../src/warehouse/embedded/ports.ts';

/**
 * Below what systems give to outgoing connections (Linux: from 32768): a client that tries a server again and again while
 * it is down could otherwise be given the server's own port, connect to itself, and keep the server from coming back.
 */
const from = 12_000;
const to = 32_000;

/** Free ports of the loopback interface. They start anywhere, so that two test processes seldom want the same. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    ports.push(await choosePort(from + Math.floor(Math.random() * (to - from)), ports));
  }
  return ports;
}
