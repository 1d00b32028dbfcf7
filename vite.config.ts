import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { bundledPage } from './src/dashboard/contract.ts';

/** The page that a browser runs, in one folder with hashed names: fonts, icons and code all come from the machine itself. */
export default defineConfig({
  root: fileURLToPath(new URL('src/dashboard/page/', import.meta.url)),
  base: '/',
  publicDir: false,
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL(bundledPage, import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
});
