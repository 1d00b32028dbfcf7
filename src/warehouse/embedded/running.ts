import { messageOf } from '../../errors.ts';
import { WRITER } from './configuration.ts';
import { readPassword, serverFolder } from './folder.ts';
import { readLease, type ServerAddress } from './lease.ts';
import { isAlive } from './owner.ts';
import { probe } from './probe.ts';

/** A server that another process runs. */
export interface RunningServer extends ServerAddress {
  readonly username: string;
  readonly password: string;
  /** The Parley process that runs it. */
  readonly ownerPid: number;
}

/**
 * The server that a living Parley process runs on this data folder: undefined when there is none, whatever a crash left
 * behind. Waits up to `timeoutMs` for one that is just starting or restarting.
 */
export async function findRunningServer(dataDir: string, timeoutMs = 10_000): Promise<RunningServer | undefined> {
  const folder = serverFolder(dataDir);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lease = readLease(folder.lease);
    if (!lease || !isAlive(lease)) return undefined;
    const { server, pid } = lease;
    if (server) {
      const account = { username: WRITER, password: readPassword(folder) };
      const answer = await probe({ url: server.url, ...account, timeoutMs: 2_000 }).catch(messageOf);
      if (answer === server.version) return { ...server, ...account, ownerPid: pid };
    }
    if (Date.now() >= deadline) return undefined;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
