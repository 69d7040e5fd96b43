// What somebody does to a form, with a mouse or with the keyboard alone.

export const mouse = {
  enter: (field, text) => field.fill(text),
  press: (target) => target.click(),
  choose: (radio) => radio.check(),
  tick: (box) => box.click(),
};

export function keyboard(page) {
  const skip = page.getByRole("link", { name: "Skip to the page" });
  const goTo = async (target) => {
    await target.waitFor({ state: "attached" });
    // On a page of ours just opened, the first Tab offers the way past the menu.
    if (await page.evaluate(() => document.activeElement === document.body)) {
      await page.keyboard.press("Tab");
      if (await skip.evaluateAll((links) => links.includes(document.activeElement))) await page.keyboard.press("Enter");
    }
    await tabTo(page, target);
  };
  return {
    enter: async (field, text) => {
      await goTo(field);
      await page.keyboard.press("ControlOrMeta+A");
      await page.keyboard.type(text);
    },
    press: async (target) => {
      await goTo(target);
      await page.keyboard.press("Enter");
    },
    tick: async (box) => {
      await goTo(box);
      await page.keyboard.press("Space");
    },
    // Tab comes to the choice that is made; arrows lead from there to the others.
    choose: async (radio) => {
      if (await radio.isChecked()) return;
      const group = page.locator(`input[name="${await radio.getAttribute("name")}"]`);
      const made = group.and(page.locator(":checked"));
      await goTo((await made.count()) ? made : group.first());
      for (const _ of await group.all()) {
        await page.keyboard.press("ArrowDown");
        if (await radio.isChecked()) return;
      }
      throw new Error("the arrows never came there");
    },
  };
}

// The same, with what it took: how many clicks, and how many fields were typed into.
export function counting(hands) {
  const taken = { clicks: 0, fields: 0 };
  const count = (what, act) => (...args) => {
    taken[what] += 1;
    return act(...args);
  };
  const { enter, press, choose } = hands;
  return { taken, enter: count("fields", enter), press: count("clicks", press), choose: count("clicks", choose) };
}

// Presses Tab until the element has the focus; somebody with a keyboard gives up sooner.
export async function tabTo(page, target, most = 60) {
  const reached = () => target.evaluate((element) => element === document.activeElement);
  if (await reached()) return;
  for (let presses = 0; presses < most; presses++) {
    await page.keyboard.press("Tab");
    if (await reached()) return;
  }
  throw new Error("the focus never came there");
}
