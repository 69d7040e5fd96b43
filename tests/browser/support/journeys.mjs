import { expect } from "@playwright/test";
import { expectAccessible } from "./checks.mjs";
import { HOME, readSnippet, send, store } from "./steps.mjs";

// The way of a key, from the tiles to the change of its value, whatever its kind.

export const field = (page, label) => page.getByLabel(label, { exact: true }).filter({ visible: true });

// From the tiles to the form, by the name of the service.
export async function findTile(page, hands, service) {
  await page.goto(`${HOME}/secrets/new`);
  await hands.enter(page.getByRole("searchbox", { name: "Search node types" }), service);
  await hands.press(page.getByRole("link", { name: new RegExp(`^${service}`) }));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Add a key for ${service}`);
}

export async function enterAll(page, hands, fields) {
  for (const [label, text] of Object.entries(fields)) await hands.enter(field(page, label), text);
}

const chooseKind = async (page, hands, { kind }) => {
  if (kind) await hands.choose(page.getByRole("radio", { name: new RegExp(`^${kind}`) }));
};

// Stores it, after one attempt that is refused: the field says why, and only what is no secret comes back.
export async function addAfterRefusal(page, hands, { service, kind, plain = {}, secret, bad, says, name }) {
  await findTile(page, hands, service);
  await chooseKind(page, hands, { kind });
  const typed = { ...plain, ...secret, ...bad };
  await enterAll(page, hands, { ...typed, Name: name });
  await hands.choose(page.getByRole("radio", { name: /^Vend/ }));
  await hands.press(store(page));

  await expect(page.getByRole("alert")).toContainText("Nothing is stored yet.");
  const [wrong] = Object.keys(bad);
  await expect(field(page, wrong)).toHaveAccessibleDescription(new RegExp(says));
  await expect(field(page, wrong)).toBeFocused();
  await expectAccessible(page);
  const markup = await page.content();
  for (const label of Object.keys(secret)) {
    await expect(field(page, label)).toHaveValue("");
    if (typed[label].trim()) expect(markup).not.toContain(typed[label]);
  }
  for (const label of Object.keys(plain)) await expect(field(page, label)).toHaveValue(typed[label]);
  await expect(field(page, "Name")).toHaveValue(name);
  await expect(page.getByRole("radio", { name: /^Vend/ })).toBeChecked();

  const right = Object.fromEntries(Object.keys(bad).filter((label) => label in plain).map((label) => [label, plain[label]]));
  await enterAll(page, hands, { ...right, ...secret });
  await hands.press(store(page));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
}

// A function that fetches the value with the request that the page of the secret shows.
export async function fetches(page, keyrack, token) {
  const request = readSnippet(await page.locator("#request").textContent());
  return async (value, config) => {
    const { status, body } = await send(keyrack, token, request);
    expect({ status, ...body }).toMatchObject({ status: 200, active: true, credential: { value, ...(config && { config }) } });
  };
}

// Replaces the value, then changes over to a third one and back. `secrets` are what is typed each time.
export async function changeOver(page, hands, { kind, plain = {}, secrets: [second, third] }, fetched) {
  const secretPage = new URL(page.url()).pathname;
  const enter = async (link, secret, button) => {
    await hands.press(page.getByRole("link", { name: link }));
    await chooseKind(page, hands, { kind });
    await enterAll(page, hands, { ...plain, ...secret });
    await hands.press(page.getByRole("button", { name: button }));
    await expect(page).toHaveURL(secretPage);
  };
  await enter("Replace the value", second, "Store the new value");
  await fetched(second);
  await enter("Enter the next value", third, "Store the next value");
  await fetched(second);
  await hands.press(page.getByRole("button", { name: "Promote it" }));
  await expect(page.getByText("You can go back to the earlier one for 24 hours.")).toBeVisible();
  await fetched(third);
  await hands.press(page.getByRole("button", { name: "Go back to it…" }));
  await hands.press(page.getByRole("button", { name: "Go back", exact: true }));
  await expect(page.getByText("The earlier value is in use again")).toBeVisible();
  await expectAccessible(page);
  await fetched(second);
}
