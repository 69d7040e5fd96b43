import { test as base, expect } from "@playwright/test";
import { fill } from "./filled.mjs";
import { Keyrack } from "./keyrack.mjs";
import { signIn, setUp } from "./steps.mjs";
import { watch } from "./watch.mjs";

export { expect };

// Tests that need a Keyrack in which nothing has happened yet.
export const testOnFresh = base.extend({
  settings: {},
  keyrack: async ({ settings }, use) => {
    const keyrack = await Keyrack.start({ settings });
    await use(keyrack);
    await keyrack.stop();
  },
  baseURL: async ({ keyrack }, use) => use(keyrack.base),
  watched: [async ({ page, keyrack }, use) => {
    const watched = await watch(page, keyrack.base);
    await use(watched);
    watched.expectNone();
  }, { auto: true }],
});

// Tests that share one filled Keyrack of their worker, in which each signs in as Ada.
export const test = testOnFresh.extend({
  filled: [async ({ browser }, use) => {
    const keyrack = await Keyrack.start();
    try {
      const context = await browser.newContext({ baseURL: keyrack.base });
      const page = await context.newPage();
      await setUp(page, keyrack.setUpLink);
      const places = await fill(page, keyrack);
      await context.close();
      await use({ keyrack, places });
    } finally {
      await keyrack.stop();
    }
  }, { scope: "worker", timeout: 120_000 }],
  keyrack: async ({ filled }, use) => use(filled.keyrack),
  places: async ({ filled }, use) => use(filled.places),
  ada: async ({ page }, use) => {
    await signIn(page);
    await use(page);
  },
});
