import { expect } from "@playwright/test";
import { HOME } from "./steps.mjs";

// Workflows as people make them: one that runs and lacks a key at one of its nodes, one that waits for its first.
export async function addWorkflows(page) {
  await addWorkflow(page, { name: "Newsletter of the spa" });
  const workflow = await addWorkflow(page, { name: "Checkout and invoice", external: "checkout-v2" });
  await addNode(page, { key: "charge", type: "Stripe" });
  await addNode(page, { key: "tell-channel", type: "HTTP Request" });
  await page.getByLabel("Key of charge").selectOption({ index: 1 });
  await page.getByRole("button", { name: "Use this key for charge" }).click();
  await expect(page.getByText("The node uses this key from now on.")).toBeVisible();
  await page.getByLabel("Let a token run it").selectOption("Booking backend");
  await page.getByRole("button", { name: "Let it run this" }).click();
  await expect(page.getByText("The token may run this workflow from now on.")).toBeVisible();
  const node = await page.getByRole("link", { name: "charge", exact: true }).getAttribute("href");
  return { workflow, node };
}

export async function addWorkflow(page, { name, external = "" }) {
  await page.goto(`${HOME}/workflows/new`);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("External id").fill(external);
  await page.getByRole("button", { name: "Register this workflow" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  return new URL(page.url()).pathname;
}

export async function addNode(page, { key, type }) {
  await page.getByLabel("Name of the node").fill(key);
  await page.getByLabel("Node type").selectOption(type);
  await page.getByRole("button", { name: "Add this node" }).click();
  await expect(page.getByText("The node is added.")).toBeVisible();
}
