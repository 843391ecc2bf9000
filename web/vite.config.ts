import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.BATON_HTTP ?? '127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The first page at /, the desk at /desk.
    rollupOptions: { input: ['web/index.html', 'web/desk.html'] },
  },
  // `npx vite web` serves the pages while they are worked on, with the API of a running server.
  server: {
    host: '127.0.0.1',
    proxy: {
      '/sip': { target: `http://${server}`, ws: true, changeOrigin: true, headers: { origin: `http://${server}` } },
      '/api': { target: `http://${server}`, ws: true, changeOrigin: true, headers: { origin: `http://${server}` } },
    },
  },
})
