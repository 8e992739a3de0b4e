// How the client is built: Preact by esbuild's JSX, hashed names, nothing inlined (the CSP allows files only).
import { defineConfig } from "vite";

const server = process.env["KITH_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
    esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
    build: {
        outDir: process.env["KITH_WEB_OUT"] ?? "dist",
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        sourcemap: false,
    },
    server: {
        proxy: { "/api": { target: server, ws: true } },
    },
    test: { include: ["test/**/*.test.ts"], environment: "node", setupFiles: ["test/setup.ts"] },
} as Parameters<typeof defineConfig>[0]);
