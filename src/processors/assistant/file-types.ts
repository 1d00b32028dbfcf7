/** Of a file's name, its extension, and the kind of file that it tells. */
const extensionsOf: Readonly<Record<string, readonly string[]>> = {
  javascript: ['js', 'jsx', 'mjs', 'cjs', 'ts', 'tsx', 'mts', 'cts', 'vue', 'svelte'],
  python: ['py', 'pyi', 'pyx', 'ipynb'],
  jvm: ['java', 'kt', 'kts', 'scala', 'groovy', 'gradle', 'clj'],
  go: ['go'],
  rust: ['rs'],
  sql: ['sql'],
  documentation: ['md', 'mdx', 'rst', 'txt', 'adoc'],
  config: ['json', 'jsonc', 'yaml', 'yml', 'toml', 'ini', 'cfg', 'conf', 'env', 'xml', 'properties', 'lock'],
  styles: ['css', 'scss', 'sass', 'less'],
  html: ['html', 'htm'],
  shell: ['sh', 'bash', 'zsh', 'fish', 'ps1', 'bat'],
  docker: ['dockerfile', 'dockerignore'],
};

const typeByExtension = new Map(
  Object.entries(extensionsOf).flatMap(([type, extensions]) =>
    extensions.map((extension) => [extension, type] as const),
  ),
);

/** In lower case without the dot; empty for a name without one, and for a name that only begins with it. */
export function extensionOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0 || dot === name.length - 1 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The kind of a file; empty without a path. Names without an extension of their own are known by their whole. */
export function fileTypeOf(path: string): string {
  if (path === '') return '';
  const name = nameOf(path).toLowerCase();
  if (/^(dockerfile|containerfile)(\.|$)|^docker-compose.*\.ya?ml$|^\.dockerignore$/.test(name)) return 'docker';
  if (/^\.env(\.|$)/.test(name)) return 'config';
  return typeByExtension.get(extensionOf(path)) ?? 'other';
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
