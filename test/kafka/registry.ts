import { GenericContainer, Wait } from 'testcontainers';
import { APICURIO_VERSION } from '../../scripts/stack/artifacts.ts';
import { freePorts } from '../../scripts/stack/ports.ts';
import { registryAnswers, startRegistry as startOnThisMachine } from '../../scripts/stack/registry.ts';
import { hasDocker, type Server, startContainer } from './docker.ts';

export interface Registry extends Server {
  /** The base of Confluent's API. */
  readonly url: string;
}

/**
 * A real schema registry for one test file, empty: of a container where a Docker engine answers, else of the Java on
 * this machine. With neither it fails with PARLEY_STACK_MISSING, which says what to install.
 */
export function startRegistry(): Promise<Registry> {
  return hasDocker() ? startInContainer() : startOnThisMachine();
}

const containerPort = 8080;

async function startInContainer(): Promise<Registry> {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const server = await startContainer(
    new GenericContainer(`apicurio/apicurio-registry:${APICURIO_VERSION}`)
      .withEnvironment({
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_DATASOURCE_URL: 'jdbc:h2:file:/tmp/registry;DB_CLOSE_ON_EXIT=FALSE',
      })
      .withExposedPorts({ container: containerPort, host: port! })
      .withWaitStrategy(Wait.forListeningPorts()),
    () => registryAnswers(url),
  );
  return Object.assign(server, { url });
}
