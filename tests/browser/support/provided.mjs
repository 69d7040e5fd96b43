import { inspect } from "./checks.mjs";
import { expect } from "./fixtures.mjs";
import { mouse } from "./hands.mjs";
import { testBeside } from "./neighbour.mjs";
import { watch } from "./watch.mjs";

// Tests that have a Keyrack and a provider of their own, and what people do at such a provider.

export const testWith = (Provider) => testBeside(Provider).extend({
  provider: async ({ neighbour }, use) => use(neighbour),
  watched: [async ({ page, keyrack, provider }, use) => {
    const watched = await watch(page, keyrack.base, [provider.issuer]);
    await use(watched);
    watched.expectNone();
  }, { auto: true }],
});

// Looks at a page in every width and light, and goes on as before.
export async function look(page, open) {
  const before = page.viewportSize();
  await inspect(page, open);
  await page.setViewportSize(before);
}

export const heading = (page) => page.getByRole("heading", { level: 1 });

// Says at the provider who one is, and agrees to all that it lists but to these.
export async function agree(page, provider, name, { hands = mouse, but = [] } = {}) {
  await expectThere(page, provider);
  await hands.enter(page.getByLabel("Name"), name);
  for (const scope of but) await hands.tick(page.getByLabel(`Allow ${scope}`));
  await hands.press(page.getByRole("button", { name: "Agree" }));
}

export async function cancel(page, provider, { hands = mouse } = {}) {
  await expectThere(page, provider);
  await hands.press(page.getByRole("button", { name: "Cancel" }));
}

async function expectThere(page, provider) {
  await expect(heading(page)).toHaveText("Who are you?");
  expect(new URL(page.url()).origin).toBe(provider.issuer);
}

// Forgets who is signed in at the provider.
export const forget = (page, provider) => page.context().clearCookies({ domain: new URL(provider.issuer).hostname });
