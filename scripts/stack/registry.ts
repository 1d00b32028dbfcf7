import { join } from 'node:path';
import { APICURIO_VERSION, apicurioJars, javaProgram } from './artifacts.ts';
import { freePorts } from './ports.ts';
import { dataFolder, type Service, startService } from './service.ts';

export interface RegistryOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** Kept when the registry stops; a temporary folder, removed at the end, when left out. */
  readonly dataDir?: string;
}

export interface RegistryService extends Service {
  /** The base of Confluent's API. */
  readonly url: string;
}

const host = '127.0.0.1';

/** Starts an Apicurio registry on the loopback interface and waits until it answers. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryService> {
  const java = await javaProgram();
  const jar = join(await apicurioJars(), `apicurio-registry-app-${APICURIO_VERSION}-runner.jar`);
  const folder = dataFolder('registry', options.dataDir);
  const port = options.port ?? (await freePorts(1))[0]!;
  const url = `http://${host}:${port}/apis/ccompat/v7`;
  const properties = [`-Dquarkus.http.host=${host}`, `-Dquarkus.http.port=${port}`];
  const service = await startService({
    name: 'registry',
    folder,
    command: {
      program: java,
      args: ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...properties, '-jar', jar],
      environment: {
        APICURIO_STORAGE_KIND: 'sql',
        // A file, not the memory that is the default, so that a restart finds its schemas again.
        APICURIO_DATASOURCE_URL: `jdbc:h2:file:${join(folder.path, 'registry')};DB_CLOSE_ON_EXIT=FALSE`,
      },
    },
    answers: () => registryAnswers(url),
  });
  return Object.assign(service, { url });
}

/** Resolves when the registry lists its subjects. */
export async function registryAnswers(url: string): Promise<void> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) });
  if (!response.ok) throw new Error(`${url}/subjects answered ${response.status}`);
  await response.arrayBuffer();
}
