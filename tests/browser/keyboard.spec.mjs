import { expect, test } from "./support/fixtures.mjs";
import { tabTo } from "./support/hands.mjs";
import { ADA, HOME, openStripeForm } from "./support/steps.mjs";

const focused = (page) => page.locator(":focus");

// The ring may be drawn by what stands around the focus: the card of a choice, the whole row of a link.
async function expectVisibleFocus(page) {
  const ring = await focused(page).evaluate((element) => {
    const drawn = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const around = [element, element.parentElement, element.closest(".option")].filter(Boolean);
    const styles = [...around.map((one) => getComputedStyle(one)), getComputedStyle(element, "::after")];
    return styles.some(drawn) ? "drawn" : `none at ${element.outerHTML}`;
  });
  expect(ring).toBe("drawn");
}

test("signing in needs no mouse", async ({ page }) => {
  await page.goto("/sign-in");
  await expect(page.getByLabel("E-mail address")).toBeFocused();
  await page.keyboard.type(ADA.email);
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Password")).toBeFocused();
  await page.keyboard.type(ADA.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(HOME);
});

test("the first Tab leads past the menu", async ({ ada }) => {
  await ada.goto(`${HOME}/secrets`);
  await ada.keyboard.press("Tab");
  const skip = ada.getByRole("link", { name: "Skip to the page" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await ada.keyboard.press("Enter");
  await expect(ada.locator("#main")).toBeFocused();
  await ada.keyboard.press("Tab");
  await expect(ada.getByRole("link", { name: "Import many" })).toBeFocused();
});

for (const path of [HOME, `${HOME}/secrets`, `${HOME}/secrets/new/http-request`, `${HOME}/tokens/new`, `${HOME}/end-users`, "/account"]) {
  test(`whatever has the focus shows it: ${path}`, async ({ ada }) => {
    await ada.goto(path);
    const seen = new Set();
    for (let presses = 0; presses < 60; presses++) {
      await ada.keyboard.press("Tab");
      if (!(await focused(ada).count())) break;
      const markup = await focused(ada).evaluate((element) => element.outerHTML.slice(0, 200));
      await expectVisibleFocus(ada);
      if (seen.has(markup)) break;
      seen.add(markup);
    }
    expect(seen.size).toBeGreaterThan(5);
  });
}

test("a refused form leads to its first error", async ({ ada }) => {
  await openStripeForm(ada);
  await ada.locator("form.card").evaluate((form) => (form.noValidate = true));
  await ada.getByRole("button", { name: "Store this key" }).press("Enter");
  const first = ada.locator("[aria-invalid=true]").first();
  await expect(first).toBeFocused();
  await expect(first).toHaveAccessibleDescription(/Fill in this field/);
  await expectVisibleFocus(ada);
});

test("a wrong password leads back to the password", async ({ page }) => {
  await page.goto("/sign-in");
  await page.getByLabel("E-mail address").fill("somebody@example.com");
  await page.getByLabel("Password").fill("not the right one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Password")).toBeFocused();
  await expect(page.getByLabel("E-mail address")).toHaveValue("somebody@example.com");
});

test("rows are chosen and looked at before they are deleted, without a mouse", async ({ ada }) => {
  await ada.goto(`${HOME}/secrets?environment=live`);
  const box = ada.getByLabel("Choose Spa refunds");
  await tabTo(ada, box);
  await expectVisibleFocus(ada);
  await ada.keyboard.press("Space");
  await expect(box).toBeChecked();
  await ada.getByRole("button", { name: "Delete 1 chosen…" }).press("Enter");
  await expect(ada.getByRole("heading", { level: 1 })).toHaveText("Delete 1 secret?");
  await ada.getByRole("link", { name: "Keep it" }).press("Enter");
  await expect(ada).toHaveURL(`${HOME}/secrets?environment=live`);
});

test("without a script the server marks the whole page", async ({ ada }) => {
  await ada.goto(`${HOME}/secrets?environment=live&chosen=page`);
  const boxes = await ada.getByRole("checkbox", { name: /^Choose / }).all();
  expect(boxes.length).toBeGreaterThan(1);
  for (const box of boxes) await expect(box).toBeChecked();
  await expect(ada.getByRole("button", { name: `Delete ${boxes.length} chosen…` })).toBeVisible();
});

test("a dialog opens, holds the safe choice and closes with Escape", async ({ ada, places }) => {
  await ada.goto(places.token);
  const opener = ada.getByRole("button", { name: "Revoke…" });
  await tabTo(ada, opener);
  await ada.keyboard.press("Enter");
  const dialog = ada.getByRole("dialog", { name: "Revoke this service token?" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Keep it" })).toBeFocused();
  await ada.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("a menu closes with Escape and gives the focus back", async ({ ada }) => {
  const summary = ada.locator("details.rail-foot > summary");
  await tabTo(ada, summary);
  await ada.keyboard.press("Enter");
  await expect(ada.getByRole("button", { name: "Sign out" })).toBeVisible();
  await ada.keyboard.press("Tab");
  await ada.keyboard.press("Escape");
  await expect(ada.getByRole("button", { name: "Sign out" })).toBeHidden();
  await expect(summary).toBeFocused();
});

test("a long request scrolls inside itself, with the keyboard too", async ({ ada, places }) => {
  await ada.setViewportSize({ width: 390, height: 844 });
  await ada.goto(places.secret);
  const request = ada.locator("#request");
  await tabTo(ada, request);
  await expectVisibleFocus(ada);
  await ada.keyboard.press("ArrowRight");
  await expect.poll(() => request.evaluate((pre) => pre.scrollLeft)).toBeGreaterThan(0);
  expect(await ada.evaluate(() => document.scrollingElement.scrollLeft)).toBe(0);
});

test("the menu of a phone opens and closes with the keyboard", async ({ ada }) => {
  await ada.setViewportSize({ width: 390, height: 844 });
  const menu = ada.getByRole("button", { name: "Menu", exact: true });
  const secrets = ada.getByRole("navigation", { name: "Workspace" }).getByRole("link", { name: "Secrets" });
  await expect(secrets).toBeHidden();
  await tabTo(ada, menu);
  await ada.keyboard.press("Enter");
  await expect(secrets).toBeVisible();
  await ada.keyboard.press("Escape");
  await expect(secrets).toBeHidden();
  await expect(menu).toBeFocused();
});
