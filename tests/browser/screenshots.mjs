// Draws the pictures of docs/images from a filled Keyrack.
import { chromium, expect } from "@playwright/test";
import fs from "node:fs";
import path from "node:path";
import { browser as launch } from "./support/browser.mjs";
import { fill } from "./support/filled.mjs";
import { Keyrack } from "./support/keyrack.mjs";
import { HOME, setUp, signIn } from "./support/steps.mjs";
import { useForWeeks } from "./support/usage.mjs";

const folder = path.join(import.meta.dirname, "../../docs/images");
const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const TALLEST = 1600;

const shots = (places) => ({
  "sign-in": "/sign-in",
  home: HOME,
  "new-secret": `${HOME}/secrets/new/stripe`,
  secret: places.secret,
  calendar: `${HOME}/calendar`,
  members: `${HOME}/members`,
  "member-end": `${places.colleague}/end`,
  tokens: `${HOME}/tokens`,
});

async function draw(browser, keyrack, places, size, colorScheme) {
  const viewport = SIZES[size];
  const context = await browser.newContext({ baseURL: keyrack.base, viewport, colorScheme, locale: "en-GB", timezoneId: "UTC" });
  const page = await context.newPage();
  for (const [name, address] of Object.entries(shots(places))) {
    if (address === HOME) await signIn(page);
    await page.goto(address);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    // The menu stands as high as the window, so the window is made as high as the page.
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ ...viewport, height: Math.min(Math.max(height, viewport.height), TALLEST) });
    await page.screenshot({ path: path.join(folder, `${name}-${size}-${colorScheme}.png`) });
    await page.setViewportSize(viewport);
  }
  await context.close();
}

async function filled(browser, keyrack) {
  const context = await browser.newContext({ baseURL: keyrack.base });
  const page = await context.newPage();
  await setUp(page, keyrack.setUpLink);
  const places = await fill(page, keyrack);
  useForWeeks(keyrack, places);
  await context.close();
  return places;
}

fs.mkdirSync(folder, { recursive: true });
const keyrack = await Keyrack.start();
const browser = await chromium.launch(launch);
try {
  const places = await filled(browser, keyrack);
  for (const size of Object.keys(SIZES)) {
    for (const colorScheme of ["light", "dark"]) await draw(browser, keyrack, places, size, colorScheme);
  }
} finally {
  await browser.close();
  await keyrack.stop();
}
