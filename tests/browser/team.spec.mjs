import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { addStripe, HOME, invite, joinAs, setUp } from "./support/steps.mjs";

// The README's walk-through: a team of three from an empty database, each in a browser of their own.

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });

    test("a team of three comes together, and parts", async ({ page, keyrack, browser }) => {
      const began = performance.now();
      const contexts = [];
      const another = async () => {
        const context = await browser.newContext({ baseURL: keyrack.base, javaScriptEnabled });
        contexts.push(context);
        return context.newPage();
      };
      await setUp(page, keyrack.setUpLink);
      const [grace, tom] = [await another(), await another()];
      await joinAs(grace, await invite(page, { email: "grace@example.com", role: "Admin" }), { name: "Grace Hill" });
      await joinAs(tom, await invite(page, { email: "tom@example.com" }), { name: "Tom Reed" });
      await page.goto(`${HOME}/members`);
      await expect(page.getByText("3 members")).toBeVisible();
      console.log(`a team of three: ${((performance.now() - began) / 1000).toFixed(1)} s`);

      await test.step("a Member sees neither invitations nor the record", async () => {
        await tom.goto(`${HOME}/members`);
        await expect(tom.getByRole("link", { name: "Invite somebody" })).toBeHidden();
        expect((await tom.goto(`${HOME}/activity`)).status()).toBe(403);
      });

      await test.step("a changed role counts at the very next request", async () => {
        await page.getByRole("link", { name: "Tom Reed" }).click();
        await page.getByLabel("Role").selectOption("Admin");
        await page.getByRole("button", { name: "Change the role" }).click();
        await expect(page.getByText("The role is changed.")).toBeVisible();
        expect((await tom.goto(`${HOME}/activity`)).status()).toBe(200);
      });

      await test.step("a removal shows first what ends with it", async () => {
        await addStripe(tom, { name: "Till of Tom", value: "rk_test_not_a_real_key_c4e2" });
        await page.getByRole("link", { name: "Remove…" }).click();
        await expect(page.getByRole("heading", { name: "1 secret deleted" })).toBeVisible();
        await expect(page.getByText("Till of Tom")).toBeVisible();
        await page.getByLabel("Name of the member").fill("Tom Reed");
        await page.getByRole("button", { name: "Remove now" }).click();
        await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tom Reed is no longer a member");
        expect((await tom.goto(HOME)).status()).toBe(404);
        await page.getByRole("link", { name: "Back to the members" }).click();
        await expect(page.getByText("2 members")).toBeVisible();
      });

      await Promise.all(contexts.map((context) => context.close()));
    });
  });
}
