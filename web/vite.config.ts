import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The first-steps page: static files that the API serves at `/` (index) and `/first-steps/assets/`. */
export default defineConfig({
  root: fileURLToPath(new URL('./first-steps', import.meta.url)),
  base: '/first-steps/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/web/first-steps', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The page's content security policy allows files of ours and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
