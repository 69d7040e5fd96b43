import { expectNowhere, find } from "./support/canary.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { ADA, HOME, addHttpRequest, addStripe, expectCounted, keyField, makeToken, openStripeForm } from "./support/steps.mjs";
import { readSnippet, send, setUp, signIn, signOut, store } from "./support/steps.mjs";

const OWN = "rk_test_canary_own_12345_abcde_WXYZ";
const REFUSED = "pk_test_canary_bad_34567_cdefa_NMLK";
const END_USERS = "rk_test_canary_end_56789_bcdef_RQPO";
const ODD = "canary/odd+key=%20&1?<b>'quoted'~";

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled });
    test("from the set-up link to the first use and back", async ({ page, keyrack }) => {
      await journey(page, keyrack);
    });
  });
}

async function journey(page, keyrack) {
  await test.step("set up, and see three steps", async () => {
    await setUp(page, keyrack.setUpLink);
    await expect(page.getByRole("heading", { name: "Three steps to the first use" })).toBeVisible();
    await expect(page.getByText("0 of 3 done")).toBeVisible();
    await expect(page).toHaveTitle(/Home.*Harbour Hotels/);
  });

  await test.step("the link is spent", async () => {
    await page.goto(keyrack.setUpLink);
    await expect(page.getByRole("heading", { name: "Keyrack is already set up" })).toBeVisible();
  });

  await test.step("a refused key is not kept", async () => {
    await openStripeForm(page);
    await keyField(page).fill(REFUSED);
    await page.getByLabel("Name", { exact: true }).fill("Reception till");
    await store(page).click();
    await expect(page.getByText("Nothing is stored yet.")).toBeVisible();
    await expect(keyField(page)).toHaveValue("");
  });

  const secret = await test.step("add a Stripe key", async () => {
    await addStripe(page, { name: "Reception till", value: OWN });
    await expect(page.getByText("The key is on its hook.")).toBeVisible();
    await expect(page.locator("dl.facts")).toContainText("WXYZ");
    return { path: new URL(page.url()).pathname, snippet: readSnippet(await page.locator("#request").textContent()) };
  });

  await addHttpRequest(page, { name: "Odd one", value: ODD, base: "https://api.example.com" });

  const token = await test.step("make a token, which is shown once", async () => {
    const token = await makeToken(page, { name: "Booking backend" });
    expect(token).toMatch(/^kr_test_/);
    await page.getByRole("link", { name: "I have copied it" }).click();
    expect(await page.content()).not.toContain(token);
    // The answer to a form was not kept: the browser has nothing to go back to.
    await expect(page.goBack()).rejects.toThrow("ERR_CACHE_MISS");
    await expect(page.locator("body")).not.toContainText(token);
    await page.goto(`${HOME}/tokens`);
    await page.getByRole("link", { name: "Booking backend" }).click();
    await page.reload();
    expect(await page.content()).not.toContain(token);
    return token;
  });

  await test.step("vend with the request that the page shows", async () => {
    const answer = await send(keyrack, token, secret.snippet);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ active: true, credential: { value: OWN } });
    await expectCounted(page, secret.path, page.getByRole("link", { name: "Booking backend" }));
  });

  await test.step("store an end user's key, and see it in the activity", async () => {
    const put = { method: "PUT", path: "/data-integrations/stripe/api-key", body: { user_id: "customer-42", secret: END_USERS } };
    expect((await send(keyrack, token, put)).status).toBe(200);
    const vended = await send(keyrack, token, { ...secret.snippet, body: { user_id: "customer-42" } });
    expect(vended.body.credential.value).toBe(END_USERS);
    await page.goto(`${HOME}/activity`);
    const entries = page.getByRole("row");
    await expect(entries.filter({ hasText: /token.* added the secret Stripe/i })).toBeVisible();
    await expect(entries.filter({ hasText: /token.* fetched the value of Stripe/i })).toBeVisible();
    await expect(entries.filter({ hasText: `${ADA.name} added the secret Reception till` })).toBeVisible();
    await page.goto(HOME);
    await expect(page.getByRole("heading", { name: "Three steps to the first use" })).toBeHidden();
  });

  await test.step("delete the key by typing its name", async () => {
    await page.goto(secret.path);
    await page.getByRole("link", { name: "Delete…" }).click();
    await page.getByLabel("Name of the secret").fill("Something else");
    await page.getByRole("button", { name: "Delete this secret" }).click();
    await expect(page.getByText("This is not its name.")).toBeVisible();
    await page.getByLabel("Name of the secret").fill("Reception till");
    await page.getByRole("button", { name: "Delete this secret" }).click();
    await expect(page.getByText("The secret is deleted")).toBeVisible();
    const answer = await send(keyrack, token, secret.snippet);
    expect(answer).toEqual({ status: 200, body: expect.objectContaining({ active: false, error: "not_installed" }) });
  });

  await test.step("sign out; going back shows nothing", async () => {
    await page.goto(`${HOME}/secrets`);
    await expect(page.getByRole("link", { name: "Odd one" })).toBeVisible();
    await signOut(page);
    await page.goBack();
    await expect(page).toHaveURL(/\/sign-in/);
    expect(await page.content()).not.toContain("Odd one");
    await signIn(page);
  });

  await test.step("no stored value lies in the open", async () => {
    const places = await expectNowhere(page, keyrack, [OWN, REFUSED, END_USERS, ODD, ADA.password], ["Odd one"]);
    expect(find({ ...places, answers: "" }, [token])).toEqual([]);
    expect(places.answers.toString("latin1").split(token)).toHaveLength(2);
  });
}
