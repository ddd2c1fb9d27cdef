import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** The server sends what is compressed here once, as hard as it goes, rather than compress at each request. */
function compressed(): Plugin {
  let to = '';
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => { to = config.build.outDir; },
    closeBundle() {
      for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|html|json|txt)$/.test(name)) continue;
        const file = join(to, name);
        const bytes = readFileSync(file);
        if (bytes.length < 512) continue;
        writeFileSync(file + '.br', brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
        writeFileSync(file + '.gz', gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

const server = process.env['WHARF'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    outDir: process.env['WHARF_WEB_OUT'] ?? '../artifacts/web',
    license: { fileName: 'third-party.txt' },
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0, // the page's policy allows no data: scripts or styles, and a font in a sheet would block it
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: Object.fromEntries(['/api', '/v2', '/config', '/csrf_token', '/oauth', '/recovery', '/confirm', '/confirminvite'].map((path) => [path, { target: server }])) },
  test: { include: ['tests/**/*.test.ts'], environment: 'node' },
});
