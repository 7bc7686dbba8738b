import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    paraglideVitePlugin({
      project: "./project.inlang",
      outdir: "./src/paraglide",
      // The language of the operating system; nothing is stored.
      strategy: ["preferredLanguage", "baseLocale"],
    }),
    svelte(),
    svelteTesting(),
  ],
  clearScreen: false,
  server: { host: "127.0.0.1", port: 1420, strictPort: true },
  build: {
    // The oldest web view Snug runs in: WebKitGTK 2.42, Safari 17, WebView2 evergreen.
    target: "safari17",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // A face or an icon inlined as data: would need a wider content policy.
    assetsInlineLimit: 0,
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    setupFiles: ["tests/setup.ts"],
    retry: 0,
    testTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
  },
});
