import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, messageOf, ParleyError } from '../../src/errors.ts';

const run = promisify(execFile);

export const KAFKA_VERSION = '4.3.1';
/** Newer ones ask for a newer Java than 17. */
export const APICURIO_VERSION = '3.0.9';

const javaMajorMin = 17;
const downloadMs = 600_000;
const triesMax = 2;
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin';

/** The folder with Kafka's jars, downloaded when this user has not got them yet. Fails with PARLEY_STACK_MISSING. */
export function kafkaJars(): Promise<string> {
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>parley</groupId><artifactId>stack</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    ${dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION)}
    ${dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION)}
    ${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}
  </dependencies>
</project>
`;
  return cached(`kafka-${KAFKA_VERSION}`, (folder, work) => {
    const file = join(work, 'pom.xml');
    writeFileSync(file, pom);
    return maven(['-f', file, `${plugin}:3.6.1:copy-dependencies`, `-DoutputDirectory=${folder}`]);
  });
}

/** The folder with the registry's `apicurio-registry-app-<version>-runner.jar`. Fails with PARLEY_STACK_MISSING. */
export function apicurioJars(): Promise<string> {
  const artifact = `io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all`;
  return cached(`apicurio-${APICURIO_VERSION}`, (folder) =>
    // Of the plugin's 2.8, because later ones also ask for the artifact's parent, which was never published.
    maven([`${plugin}:2.8:unpack`, `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`]),
  );
}

/** The `java` to run: of JAVA_HOME, else of the PATH. Fails with PARLEY_STACK_MISSING below version 17. */
export async function javaProgram(): Promise<string> {
  const java = process.env.JAVA_HOME ? join(process.env.JAVA_HOME, 'bin', 'java') : 'java';
  const { stdout, stderr } = await run(java, ['-version']).catch((error: unknown) => {
    throw missing(`Java ${javaMajorMin} or newer`, messageOf(error), error);
  });
  const version = /version "(?:1\.)?(\d+)[^"]*"/.exec(stderr + stdout);
  if (Number(version?.[1] ?? 0) >= javaMajorMin) return java;
  throw missing(`Java ${javaMajorMin} or newer`, version?.[0] ?? `${stderr}${stdout}`.trim());
}

/**
 * A folder of the cache, made by `fill` when it is not there. It appears under its name whole or not at all, so two
 * processes may fill it at once: the second one finds it made, and drops its own.
 */
export async function cached(name: string, fill: (folder: string, work: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const filling = `${folder}.${process.pid}-${randomUUID()}`;
  // Maven takes its settings from the folder that it runs in too, and must not find a project there.
  const work = mkdtempSync(join(tmpdir(), 'parley-maven-'));
  try {
    await fill(filling, work);
    renameSync(filling, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(filling, { recursive: true, force: true });
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

function cacheFolder(): string {
  const home = homedir();
  const systems: Partial<Record<NodeJS.Platform, string>> = {
    darwin: join(home, 'Library', 'Caches'),
    win32: process.env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'),
  };
  return join(process.env.XDG_CACHE_HOME || systems[process.platform] || join(home, '.cache'), 'parley');
}

/**
 * Runs Maven with the user's own settings: mirrors, proxies, local repository. Once more when it failed, because two
 * Mavens that fill one local repository at the same time can trip over each other.
 */
export async function maven(args: readonly string[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await run('mvn', ['-q', '-B', ...args], { timeout: downloadMs, maxBuffer: 16 * 1024 * 1024, cwd: tmpdir() });
      return;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw missing('Maven 3.6 or newer', 'no `mvn` on the PATH', error);
      if (tries < triesMax) continue;
      const { stdout = '' } = error as { stdout?: string };
      const said = stdout.split('\n').find((line) => line.includes('[ERROR]')) ?? messageOf(error);
      throw missing(`${basename(args.at(-1)!)} from Maven's repositories`, said, error);
    }
  }
}

export function missing(expected: string, received: string, cause?: unknown): ParleyError {
  return new ParleyError('PARLEY_STACK_MISSING', 'The stack cannot be started on this machine', {
    expected,
    received,
    cause,
  });
}

export function dependency(group: string, artifact: string, version: string, more = ''): string {
  return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`;
}
