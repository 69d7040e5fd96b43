import { expect } from "@playwright/test";

// Leaving a page while it loads, and going back to the answer of a form.
const MEANT = ["net::ERR_ABORTED", "net::ERR_CACHE_MISS"];

// Notes what a page should never do: complain, break its own policy, fail, or ask another origin than these.
export async function watch(page, origin, others = []) {
  const faults = [];
  page.on("pageerror", (error) => faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (isAnswerOfPage(page, message)) return;
    faults.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    const known = [origin, ...others].includes(url.origin);
    if (/^https?:$/.test(url.protocol) && !known) faults.push(`asked elsewhere: ${url}`);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    if (!MEANT.includes(reason)) faults.push(`failed: ${request.url()} ${reason}`);
  });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return { faults, expectNone: () => expect(faults).toEqual([]) };
}

// The browser writes a line for the page's own 403, 404 or 422 too; those answers are meant.
function isAnswerOfPage(page, message) {
  return message.text().startsWith("Failed to load resource") && message.location().url === page.url();
}
