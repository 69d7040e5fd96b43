import { expectNowhere } from "./support/canary.mjs";
import { expect, testOnFresh as test } from "./support/fixtures.mjs";
import { mouse } from "./support/hands.mjs";
import { enterAll, fetches, field, findTile } from "./support/journeys.mjs";
import { ADA, HOME, makeToken, readSnippet, send, setUp, store } from "./support/steps.mjs";

// Many keys from a file, an API from its description, and the end of two of them.

const STRIPE = "rk_test_Canary_imported_stripe_3Ne9";
const OPENAI = "sk-proj-Canary_imported_openai_4Of0";
const LEFT_OUT = "Canary-left-out-of-the-import-5Pg1";
const GATE = { "API key": "Canary gate key 6Qh2", Tenant: "Canary gate tenant 7Ri3" };

const VARIABLES = `# keys of the booking site
export STRIPE_SECRET_KEY="${STRIPE}"
OPENAI_API_KEY=${OPENAI}
SESSION_PEPPER=${LEFT_OUT}
`;

const DESCRIPTION = `
openapi: 3.0.3
info: { title: Parking gate }
servers: [{ url: "https://gate.example.com/v1" }]
security: [{ gate: [], tenant: [] }]
paths: { /gates: { get: {} } }
components:
  securitySchemes:
    gate: { type: apiKey, in: header, name: X-Gate-Key }
    tenant: { type: apiKey, in: header, name: X-Gate-Tenant }
`;

const heading = (page) => page.getByRole("heading", { level: 1 });

test("from pasted variables and a pasted description to keys that work, and two of them away", async ({ page, keyrack }) => {
  await setUp(page, keyrack.setUpLink);
  const token = await makeToken(page, { name: "Booking backend" });
  const open = async (name) => {
    await page.goto(`${HOME}/secrets`);
    await page.getByRole("link", { name }).click();
    await expect(page.locator("#request")).toBeVisible();
    return fetches(page, keyrack, token);
  };

  await test.step("variables are looked at, named and stored", async () => {
    await page.goto(`${HOME}/secrets`);
    await page.getByRole("link", { name: "Import many" }).click();
    await page.getByRole("radio", { name: /^Vend/ }).check();
    await field(page, "Or paste them here").fill(VARIABLES);
    await page.getByRole("button", { name: "Look at it first" }).click();
    await expect(heading(page)).toHaveText("Look at each row");
    const names = page.getByRole("textbox", { name: /^Name/ });
    await names.nth(0).fill("Till of the bar");
    await names.nth(1).fill("Concierge");
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByRole("button", { name: "Store 2 secrets" }).click();
    await expect(heading(page)).toHaveText("2 secrets are on the rack");
  });

  await test.step("each of them is fetched", async () => {
    await (await open("Till of the bar"))(STRIPE);
    await (await open("Concierge"))(OPENAI);
  });

  await test.step("a description becomes a node type, which takes a key", async () => {
    await page.goto(`${HOME}/custom-apis/import`);
    await field(page, "Or paste it here").fill(DESCRIPTION);
    await page.getByRole("button", { name: "See what it says" }).click();
    await expect(heading(page)).toHaveText("What the description says");
    await page.getByRole("button", { name: "Go on to the form" }).click();
    await page.getByRole("group", { name: "Further field 1" }).getByLabel("What it is").fill("Tenant");
    await page.getByRole("button", { name: "Add this API" }).click();
    await expect(heading(page)).toHaveText("Parking gate");
    await findTile(page, mouse, "Parking gate");
    await enterAll(page, mouse, { ...GATE, Name: "Gate of the yard" });
    await page.getByRole("radio", { name: /^Vend/ }).check();
    await store(page).click();
    await expect(heading(page)).toHaveText("Gate of the yard");
    const fetched = await fetches(page, keyrack, token);
    await fetched(GATE["API key"], { x_gate_tenant: GATE.Tenant });
  });

  await test.step("two are deleted together, and the third stays", async () => {
    await open("Till of the bar");
    const request = readSnippet(await page.locator("#request").textContent());
    await page.goto(`${HOME}/secrets`);
    for (const name of ["Till of the bar", "Concierge"]) await page.getByLabel(`Choose ${name}`).check();
    await page.getByRole("button", { name: "Delete 2 chosen…" }).click();
    await expect(heading(page)).toHaveText("Delete 2 secrets?");
    await page.getByLabel("Number of secrets").fill("2");
    await page.getByRole("button", { name: "Delete 2 secrets" }).click();
    await expect(page.getByRole("link", { name: "Concierge" })).toBeHidden();
    await expect(page.getByRole("link", { name: "Gate of the yard" })).toBeVisible();
    expect((await send(keyrack, token, request)).body).toMatchObject({ active: false, error: "not_installed" });
  });

  const typed = [STRIPE, OPENAI, LEFT_OUT, ...Object.values(GATE), ADA.password];
  await expectNowhere(page, keyrack, typed, ["Gate of the yard"]);
});
