import { AxeBuilder } from "@axe-core/playwright";
import { expect } from "@playwright/test";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// What axe finds on the page as it stands, in short.
async function violations(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(RULES).setLegacyMode().analyze();
  return violations.map(({ id, nodes }) => ({ id, at: nodes.map((node) => `${node.target} ${node.failureSummary}`) }));
}

// The page of a journey, as the person has it before them.
export async function expectAccessible(page) {
  expect.soft(await violations(page), page.url()).toEqual([]);
}

// Two elements of one id mislead labels, descriptions and copy buttons; axe leaves most of them out.
function repeatedIds(page) {
  return page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
  });
}

async function expectNoSidewaysScrolling(page, width) {
  await page.setViewportSize({ width, height: 844 });
  const overhang = await page.evaluate(() => {
    const root = document.scrollingElement;
    return root.scrollWidth - root.clientWidth;
  });
  expect(overhang, `sideways scrolling at ${width} px`).toBe(0);
}

// Opens a letter as a mail program would: alone, and at the width of a phone.
export async function inspectLetter(browser, html) {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.setContent(html);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    expect.soft(await violations(page), `the letter, ${colorScheme}`).toEqual([]);
  }
  await expectNoSidewaysScrolling(page, 390);
  await context.close();
}

// Opens a page wide and narrow, and looks at it in light and in dark.
export async function inspect(page, open) {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await open();
    expect.soft(await repeatedIds(page), "ids that stand twice").toEqual([]);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      expect.soft(await violations(page), `${width} px, ${colorScheme}`).toEqual([]);
    }
  }
  await expectNoSidewaysScrolling(page, 390);
  await expectNoSidewaysScrolling(page, 360);
}
