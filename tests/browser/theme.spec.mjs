import { expect, test } from "./support/fixtures.mjs";

const colours = (page) =>
  page.evaluate(() => {
    const paper = getComputedStyle(document.documentElement).backgroundColor;
    return { ink: getComputedStyle(document.body).color, paper };
  });

test("a chosen look stays, whatever the system says", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/sign-in");
  const light = await colours(page);
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page).toHaveURL("/sign-in");
  const dark = await colours(page);
  expect(dark.ink).not.toBe(light.ink);
  expect(dark.paper).not.toBe(light.paper);
  await page.reload();
  expect(await colours(page)).toEqual(dark);
  await expect(page.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
});

test("without a choice the look follows the system", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/sign-in");
  const light = await colours(page);
  await page.emulateMedia({ colorScheme: "dark" });
  expect((await colours(page)).paper).not.toBe(light.paper);
});
