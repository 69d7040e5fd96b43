import { inspect } from "./support/checks.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { addStripe, HOME, makeToken, setUp } from "./support/steps.mjs";
import { useForWeeks, useOddly } from "./support/usage.mjs";

async function inUse(page, keyrack) {
  await setUp(page, keyrack.setUpLink);
  await addStripe(page, { name: "Reception till", value: "rk_test_not_a_real_key_c4e2" });
  const secret = new URL(page.url()).pathname;
  await makeToken(page, { name: "Booking backend" });
  await page.goto(`${HOME}/tokens`);
  const token = await page.getByRole("link", { name: "Booking backend" }).getAttribute("href");
  useForWeeks(keyrack, { secret, token });
  useOddly(keyrack, { secret, token });
  return { secret, token };
}

test("charts and what is unusual: nothing in the way of anybody", async ({ page, keyrack }) => {
  test.slow();
  const places = await inUse(page, keyrack);
  for (const place of [HOME, places.secret, places.token]) {
    await inspect(page, async () => {
      await page.goto(place);
      await page.getByText("The numbers").click();
      await expect(page.getByRole("table", { name: /^Uses per day/ })).toBeVisible();
      await expect(page.getByRole("img", { name: /^Uses per day/ })).toBeVisible();
    });
  }
});

test("what is unusual is looked at, and all is well", async ({ page, keyrack }) => {
  const { secret, token } = await inUse(page, keyrack);
  await page.goto(HOME);
  await expect(page.getByText("Unusual use of Reception till")).toHaveCount(2);
  await page.goto(secret);
  const odd = page.getByRole("region", { name: "Unusual use" });
  await expect(odd.getByRole("link", { name: "Revoke the token" })).toHaveAttribute("href", token);
  await expect(odd.getByRole("link", { name: "Replace the value" })).toHaveAttribute("href", `${secret}/replace`);
  await odd.getByRole("button", { name: "All well about “A new user”" }).click();
  await expect(page.getByText("It is told of again only if something new comes about.")).toBeVisible();
  await odd.getByRole("button", { name: "All well" }).click();
  await expect(odd).toBeHidden();
  await page.goto(HOME);
  await expect(page.getByText("Unusual use of Reception till")).toHaveCount(0);
});
