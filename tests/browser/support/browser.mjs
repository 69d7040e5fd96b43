// How the installed Chromium is started: silent on the network, and without its sandbox for root only.
const asRoot = process.getuid?.() === 0;

export const browser = {
  executablePath: process.env.KEYRACK_TEST_CHROMIUM || "/usr/bin/chromium",
  args: [
    ...(asRoot ? ["--no-sandbox"] : []),
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};
