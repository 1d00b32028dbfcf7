import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { type GenericContainer, getContainerRuntimeClient } from 'testcontainers';

/** What a test does to a server. The shape of scripts/stack's `Service`, which it shares. */
export interface Server {
  /** Ends it in good order, where it runs, starts it again on its ports and data, and waits until it answers. */
  restart(): Promise<void>;
  /** SIGKILL. It stays down until `restart`. */
  kill(): void;
  pause(): void;
  resume(): void;
  /** Ends it for good, with its data. */
  stop(): Promise<void>;
}

let isThere: boolean | undefined;

/** Whether a Docker engine answers. */
export function hasDocker(): boolean {
  if (isThere === undefined) {
    try {
      execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 });
      isThere = true;
    } catch {
      isThere = false;
    }
  }
  return isThere;
}

const readyMs = 120_000;

/** Runs a container until its server answers. Testcontainers removes it when this process dies. */
export async function startContainer(container: GenericContainer, answers: () => Promise<unknown>): Promise<Server> {
  const started = await container.start();
  const { container: containers } = await getContainerRuntimeClient();
  const handle = containers.getById(started.getId());
  // As with a process of this machine, `kill` and its like have done it when they return.
  const docker = (command: string) => execFileSync('docker', [command, started.getId()], { stdio: 'ignore' });
  const ready = async () => {
    for (const deadline = Date.now() + readyMs; ; await delay(100)) {
      try {
        return await answers();
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  };
  try {
    await ready();
  } catch (error) {
    await started.stop();
    throw error;
  }
  return {
    restart: async () => {
      await handle.restart();
      await ready();
    },
    kill: () => void docker('kill'),
    pause: () => void docker('pause'),
    resume: () => void docker('unpause'),
    stop: async () => void (await started.stop()),
  };
}
