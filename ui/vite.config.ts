import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { pngIcons } from './icons.ts';

// Everything is a file of our own origin: the page's Content-Security-Policy allows nothing inline.
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [preact(), pngIcons([192, 512])],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
  },
});
